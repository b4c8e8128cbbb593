/**
 * Where the records of a task come from: a flow, made into batches that are pulled.
 *
 *     read(source)     pieces ─► Source.decode ─┐
 *     read(exchange)   blocks ─► readExchange ──┴─► batches ─► chains, concat, zip, cross, ─► batches
 *                                                              exchanges in place
 *     keep             kept_input.ts
 */
import { assert } from "../core/errors.ts";
import { commandsOf } from "../core/plan/ops.ts";
import { type KeysWanted, keysWanted } from "../core/plan/ops.ts";
import type { PartitionId } from "../core/plan/plan.ts";
import type { Flow, StageInput } from "../core/task.ts";
import type { RecordTools } from "../io/record_tools.ts";
import { sourceOf } from "../io/registry.ts";
import type { ShuffleIO } from "../shuffle/carrier.ts";
import { exchangeInPlace, type InPlaceExchange } from "../shuffle/in_place.ts";
import { narrowed, readExchange } from "../shuffle/reader.ts";
import { blaming, blamingEach, stepOf, withFunctions } from "./exchange_functions.ts";
import type { Blame } from "./pipeline/blame.ts";
import { KeptBatches } from "./kept_batches.ts";
import { keptBatches } from "./kept_input.ts";
import { recordsLater } from "./pipeline/call_later.ts";
import { callWithRecords, type Chain } from "./pipeline/compile.ts";
import { type AnyBatches, type Batches, isPresent } from "./pipeline/feed.ts";
import { BATCH_RECORDS_MAX, inBatches, Records } from "./pipeline/records.ts";
import type { Waiting } from "./pipeline/waiting.ts";
import type { PreparedStage } from "./prepare_stage.ts";
import { TaskCancelled } from "./task_failure.ts";
import type { TaskFunctions } from "./task_functions.ts";
import type { TaskIO } from "./task_io.ts";
import type { TaskMeter } from "./task_meter.ts";

type Read = Extract<Flow, { kind: "read" }>;
type InPlace = Extract<Flow, { kind: "exchange" }>;

/** What the parts of a running task share. */
export type TaskParts = Readonly<{
  prepared: PreparedStage;
  io: TaskIO;
  meter: TaskMeter;
  blame: Blame;
  functions: TaskFunctions;
}>;

export class TaskInput {
  readonly #parts: TaskParts;
  readonly #chains = new Map<number, Chain>();
  readonly waiting: Waiting;

  constructor(parts: TaskParts) {
    this.#parts = parts;
    const { io } = parts;
    this.waiting = {
      check: () => {
        if (io.cancelled) throw new TaskCancelled();
      },
      inputReady: () => io.inputReady(),
      keep: (batches) => {
        // What is kept goes to disk where there is no room for it: it needs no part of its own.
        const budget = io.budget.holder(false);
        return KeptBatches.of(batches, { ...shuffleIO(parts, 0), budget });
      },
      start: (command) => io.pipe(commandsOf(parts.prepared.stage.chains).indexOf(command)),
    };
  }

  /**
   * The records that a flow means; those with other than the wanted `keys` may be missing. Nothing is
   * read before the first batch is pulled. They have to be waited for where a function of the flow
   * waits.
   */
  batches(flow: Flow, keys?: KeysWanted): AnyBatches {
    switch (flow.kind) {
      case "read":
        return this.#read(flow, keys);
      case "apply": {
        const wanted = keysWanted(this.#parts.prepared.stage.chains[flow.chain]!);
        return this.#chain(flow.chain)(this.batches(flow.from, wanted), flow.partition);
      }
      case "exchange":
        return this.#exchanged(flow);
      case "concat":
        return this.#concat(flow.from, keys);
      case "zip":
        return this.#zip(flow.fn, flow.from);
      case "cross":
        return this.#cross(flow.left, flow.right);
      case "keep":
        return this.#keep(flow);
    }
  }

  #keep({ from, input, partition }: Extract<Flow, { kind: "keep" }>): AnyBatches {
    const cached = this.#parts.prepared.stage.inputs[input]!;
    assert(cached.kind === "cached", `input ${input} is to be kept, but is a ${cached.kind}`);
    const { id: dataset, memory, disk } = cached;
    return keptBatches({ dataset, partition }, { memory, disk }, this.batches(from), this.#parts);
  }

  *#read(flow: Read, keys?: KeysWanted): Generator<readonly unknown[]> {
    const { prepared, io, meter } = this.#parts;
    for (const batch of this.#open(prepared.stage.inputs[flow.input]!, flow, keys)) {
      if (io.cancelled) throw new TaskCancelled();
      meter.recordsRead += batch.length;
      yield batch;
    }
  }

  #open(input: StageInput, { partition, split }: Read, keys?: KeysWanted): Batches {
    const { io, meter, blame, functions } = this.#parts;
    switch (input.kind) {
      case "source": {
        assert(split !== undefined, `partition ${partition} of a source came without its split`);
        const { format, options } = input;
        const source = sourceOf(format);
        if (source.inSplit) {
          meter.bytesRead += split.bytes ?? 0;
          return source.decode(options, split, [], recordTools(this.#parts));
        }
        const pieces = meter.reading(io.source(format, options, split));
        return source.decode(options, split, pieces, recordTools(this.#parts));
      }
      case "exchange": {
        const exchange = withFunctions(input.exchange, functions.of);
        const found = io.exchange(input.id, partition, exchange);
        const metered = found.kind === "blocks"
          ? { ...found, blocks: meter.reading(found.blocks) }
          : narrowed(found, exchange, keys);
        const batches = readExchange(exchange, metered, shuffleIO(this.#parts, partition));
        return blamingEach(blame, stepOf(input.exchange), batches);
      }
      case "cached":
        assert(false, `dataset ${input.id} is read without anything that could make it`);
    }
  }

  /** A chain is instantiated once for a task, however many partitions go through it. */
  #chain(index: number): Chain {
    const { prepared, blame, functions } = this.#parts;
    let chain = this.#chains.get(index);
    if (chain === undefined) {
      const fns = prepared.stage.chains[index]!.map((op) => functions.of(op.fn));
      chain = prepared.chains[index]!.instantiate(fns, blame, this.waiting);
      this.#chains.set(index, chain);
    }
    return chain;
  }

  /** All that comes in is taken before anything goes out; then nothing has to be waited for. */
  #exchanged({ from, exchange: index, partition }: InPlace): AnyBatches {
    const { prepared, blame, functions } = this.#parts;
    const { check } = this.waiting;
    const closures = prepared.stage.exchanges[index]!;
    const step = stepOf(closures);
    const open = () =>
      exchangeInPlace(withFunctions(closures, functions.of), shuffleIO(this.#parts, partition));
    const add = (exchange: InPlaceExchange, batch: readonly unknown[]) => {
      check();
      blaming(blame, step, () => exchange.add(batch));
    };
    const records = (exchange: InPlaceExchange) => blamingEach(blame, step, exchange.records());
    const batches = this.batches(from);
    return isPresent(batches)
      ? (function* () {
        using exchange = open();
        for (const batch of batches) add(exchange, batch);
        yield* records(exchange);
      })()
      : (async function* () {
        using exchange = open();
        for await (const batch of batches) add(exchange, batch);
        yield* records(exchange);
      })();
  }

  #concat(flows: readonly Flow[], keys?: KeysWanted): AnyBatches {
    const all = flows.map((flow) => this.batches(flow, keys));
    return all.every(isPresent) ? oneByOne(all) : oneByOneLater(all);
  }

  /** The function gets an iterator for each side and gives the records: `fn(left, right)`. */
  #zip(index: number, flows: readonly Flow[]): AnyBatches {
    const { prepared, blame, functions } = this.#parts;
    const closure = prepared.stage.zips[index]!;
    const step = { kind: "zip", place: closure.place };
    if (closure.async === true) {
      const inputs = flows.map((flow) => this.batches(flow));
      return recordsLater(step, functions.of(closure), inputs, blame, this.waiting);
    }
    const call = (inputs: readonly Batches[]) =>
      callWithRecords(step, functions.of(closure), inputs, blame);
    return this.#together(flows, call);
  }

  /**
   * Every pair. The right side is made anew for each 1,024 records of the left, so that neither has
   * to fit into memory; the order depends on the positions of the records alone.
   */
  #cross(left: Flow, right: Flow): AnyBatches {
    return this.#together(
      [left, right],
      ([lefts, rights]) => this.#pairs(lefts!, rights!),
    );
  }

  *#pairs(left: Batches, right: Batches): Generator<unknown[]> {
    for (const lefts of this.#equal(left)) {
      for (const rights of this.#equal(right)) yield* pairsOf(lefts, rights);
    }
  }

  #equal(batches: Batches): Iterable<unknown[]> {
    return inBatches(new Records(batches, this.#parts.blame), []);
  }

  /** What `make` makes of several flows; those that have to be waited for are kept first. */
  #together(flows: readonly Flow[], make: (inputs: readonly Batches[]) => Batches): AnyBatches {
    // Each iteration starts a flow anew.
    const inputs = flows.map((flow) => {
      const batches = this.batches(flow);
      return isPresent(batches) ? { [Symbol.iterator]: () => this.#present(flow) } : batches;
    });
    return inputs.every(isPresent) ? make(inputs) : makeLater(inputs, make, this.waiting);
  }

  #present(flow: Flow): Iterator<readonly unknown[]> {
    const batches = this.batches(flow);
    assert(isPresent(batches), "a flow that was there is to be waited for");
    return batches[Symbol.iterator]();
  }
}

function* oneByOne(all: readonly Batches[]): Generator<readonly unknown[]> {
  for (const batches of all) yield* batches;
}

async function* oneByOneLater(all: readonly AnyBatches[]): AsyncGenerator<readonly unknown[]> {
  for (const batches of all) yield* batches;
}

async function* makeLater(
  inputs: readonly AnyBatches[],
  make: (inputs: readonly Batches[]) => Batches,
  waiting: Waiting,
): AsyncGenerator<readonly unknown[]> {
  using keeping = new DisposableStack();
  const present: Batches[] = [];
  for (const batches of inputs) {
    present.push(isPresent(batches) ? batches : keeping.use(await waiting.keep(batches)));
  }
  yield* make(present);
}

/** What sources and sinks need of a task. */
export function recordTools({ io, functions }: TaskParts): RecordTools {
  return { platform: io.platform, classes: functions.classes };
}

/** What one step of a task that shuffles needs, for the partition that it reads or writes. */
export function shuffleIO({ io, functions }: TaskParts, partition: PartitionId): ShuffleIO {
  const { platform, spills } = io;
  const budget = io.budget.holder();
  return { platform, budget, spills, partition, classes: functions.classes };
}

function* pairsOf(lefts: readonly unknown[], rights: readonly unknown[]): Generator<unknown[]> {
  let pairs: unknown[] = [];
  for (const left of lefts) {
    for (const right of rights) {
      pairs.push([left, right]);
      if (pairs.length === BATCH_RECORDS_MAX) {
        yield pairs;
        pairs = [];
      }
    }
  }
  if (pairs.length > 0) yield pairs;
}
