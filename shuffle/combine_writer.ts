/** The map side of a combining exchange: a key leaves once, with what its values came to. */
import type { MapOutput } from "../core/task.ts";
import { Aggregator, type CombineFunctions } from "./aggregator.ts";
import type { BlockSink, ShuffleIO } from "./carrier.ts";
import { PairBlockBuilder } from "./pair_block.ts";
import { blockBytesFor, pairOf } from "./pairs.ts";
import type { Placement } from "./partitioner.ts";
import { EntryWriter } from "./value_bytes.ts";
import type { ShuffleWriter } from "./writer.ts";

/** Combines on the map side; writes pairs of key bytes and combiner in the order of hash and key. */
export class CombineWriter implements ShuffleWriter {
  readonly #aggregator: Aggregator;
  readonly #sink: BlockSink;
  readonly #io: ShuffleIO;

  constructor(
    functions: CombineFunctions,
    placement: Placement,
    sink: BlockSink,
    io: ShuffleIO,
  ) {
    this.#aggregator = new Aggregator(functions, placement, io);
    this.#sink = sink;
    this.#io = io;
  }

  add(batch: readonly unknown[]): void {
    const aggregator = this.#aggregator;
    for (let i = 0; i < batch.length; i++) {
      const pair = pairOf(batch[i]);
      aggregator.add(pair[0], pair[1]);
    }
  }

  finish(): MapOutput {
    const sink = this.#sink;
    const block = new PairBlockBuilder();
    const entry = new EntryWriter(this.#io.classes);
    const blockBytes = blockBytesFor(this.#io.budget, 1);
    using results = this.#aggregator.results();
    let partition = 0;
    const flush = () => {
      const { records } = block;
      if (records > 0) sink.write(partition, block.finish(), records);
    };
    while (results.next()) {
      if (results.partition !== partition || block.bytes >= blockBytes) {
        flush();
        partition = results.partition;
      }
      entry.clear();
      entry.copy(results.bytes, results.keyAt, results.keyLength);
      const keyLength = entry.end;
      entry.value(results.value);
      block.add(entry.bytes, 0, keyLength, keyLength, entry.end - keyLength);
    }
    flush();
    return sink.close();
  }

  [Symbol.dispose](): void {
    // Each in turn, also where the one before throws.
    using _sink = this.#sink;
    this.#aggregator[Symbol.dispose]();
  }
}
