/**
 * An exchange whose input lies already where its output is to lie: one task takes in the records of
 * its partition and gives out what the exchange promises, in the order in which it promises it.
 * Nothing is written but what the memory budget makes it spill.
 *
 *     combine    pairs ─► Aggregator ─► results      hash, key bytes
 *     group      pairs ─► Sorter     ─► Values       hash, key bytes
 *     sort       pairs ─► Sorter     ─► pairs        key, position
 */
import { assert } from "../core/errors.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import { Aggregator } from "./aggregator.ts";
import type { ShuffleIO } from "./carrier.ts";
import { combinedPairs, groupsOf, ONE_PARTITION, sortedPairs } from "./exchanged.ts";
import { GroupingKey } from "./grouping_key.ts";
import { pairOf } from "./pairs.ts";
import { placementOf, PREFIX_BYTES } from "./partitioner.ts";
import { SortEntries } from "./sort_entries.ts";
import { Sorter } from "./sorter.ts";
import { EntryWriter } from "./value_bytes.ts";
import { withValues } from "./values.ts";

/** Takes all records of a partition, then gives them back exchanged. */
export interface InPlaceExchange extends Disposable {
  /** Takes the next records. Throws as `ShuffleWriter.add` does. */
  add(batch: readonly unknown[]): void;
  /** What comes out, in batches of up to 1,024, as `readExchange` gives it. Called once. */
  records(): Iterable<unknown[]>;
}

/** The exchange of the partition `io.partition` with itself. */
export function exchangeInPlace(
  exchange: Exchange<UserFunction>,
  io: ShuffleIO,
): InPlaceExchange {
  const own: ShuffleIO = { ...io, classes: withValues(io.classes) };
  switch (exchange.kind) {
    case "rebalance":
    case "partition":
      assert(false, `a ${exchange.kind} exchange has nothing to do in place`);
      break;
    case "combine": {
      const aggregator = new Aggregator(exchange, ONE_PARTITION, own);
      return {
        add: (batch) => combine(batch, aggregator),
        records: () => combinedPairs(aggregator),
        [Symbol.dispose]: () => aggregator[Symbol.dispose](),
      };
    }
    case "group":
      return new GroupInPlace(own);
    case "sort": {
      const { ascending } = exchange;
      const placement = placementOf({ kind: "range", partitions: 1, ascending });
      const entries = new SortEntries({ ascending, placement }, own, own.classes);
      return {
        add: (batch) => entries.add(batch),
        *records() {
          using sorted = entries.sorter.sorted();
          yield* sortedPairs(sorted, { ascending, prefixBytes: 0 }, own);
        },
        [Symbol.dispose]: () => entries[Symbol.dispose](),
      };
    }
  }
}

function combine(batch: readonly unknown[], aggregator: Aggregator): void {
  for (let i = 0; i < batch.length; i++) {
    const pair = pairOf(batch[i]);
    aggregator.add(pair[0], pair[1]);
  }
}

class GroupInPlace implements InPlaceExchange {
  readonly #io: ShuffleIO;
  readonly #sorter: Sorter;
  readonly #key = new GroupingKey();
  readonly #entry: EntryWriter;

  constructor(io: ShuffleIO) {
    this.#io = io;
    this.#sorter = new Sorter(io);
    this.#entry = new EntryWriter(io.classes);
  }

  add(batch: readonly unknown[]): void {
    const key = this.#key;
    const entry = this.#entry;
    for (let i = 0; i < batch.length; i++) {
      const pair = pairOf(batch[i]);
      key.write(pair[0]);
      entry.clear();
      entry.prefix(key.hash());
      entry.copy(key.bytes, 0, key.length);
      const keyLength = PREFIX_BYTES + key.length;
      entry.value(pair[1]);
      this.#sorter.add(entry.bytes, 0, keyLength, keyLength, entry.end - keyLength);
    }
  }

  records(): Iterable<unknown[]> {
    return groupsOf(this.#sorter, this.#io);
  }

  [Symbol.dispose](): void {
    this.#sorter[Symbol.dispose]();
  }
}
