/**
 * TaskIO over local disks: what the local engine carries, and where it lies.
 *
 *     sources, values, sink files    through the rings, by the control thread
 *     kept partitions                likewise
 *     map outputs, spills            files that the worker writes below its own folders
 *     map outputs of others          files that it reads below the application's folders
 *     broadcasts                     files of the driver, read when they are first asked for
 *
 * With several local directories the tasks of a slot use them in turn. A map output is named from
 * the application's folder on, and its name says in which directory it lies.
 */
import type { BroadcastId } from "../core/engine.ts";
import { assert } from "../core/errors.ts";
import { partitionsOf } from "../core/plan/exchange.ts";
import type { Options, PartitionId, Split } from "../core/plan/plan.ts";
import type { Platform } from "../core/platform.ts";
import type {
  ExchangeId,
  ExchangeLocation,
  KeptId,
  MapOutput,
  Meeting,
  TaskResult,
} from "../core/task.ts";
import { namingFullDisks } from "../shuffle/full_disk.ts";
import { withFoldersMadeAgain } from "../shuffle/lost_folder.ts";
import { MemoryBudget } from "../shuffle/memory_budget.ts";
import { OutputIndexes } from "../shuffle/output_indexes.ts";
import { ReusedMemory } from "../shuffle/reused_memory.ts";
import type { KeyRange } from "../shuffle/run.ts";
import {
  type MapOutputPlace,
  openSortedOutput,
  readPartition,
  removeOutput,
  ShuffleFileSink,
  SortedFileSink,
} from "../shuffle/shuffle_file.ts";
import { SpillManager } from "../shuffle/spill_manager.ts";
import { readBroadcast } from "./broadcast_file.ts";
import { KeptLost } from "./kept_errors.ts";
import { LocalKeptSink } from "./kept_sink.ts";
import type {
  ExchangeInput,
  ExchangeSink,
  KeptSink,
  KeptWhere,
  PipedProgram,
  RevivedExchange,
  TaskIO,
} from "./task_io.ts";
import type { WorkerLink } from "./worker_link.ts";

/** Where a worker works. */
export type WorkerPlace = Readonly<{
  /** The application's folders, one on each disk. */
  folders: readonly string[];
  /** The names of the worker's own folders in them, as `ownFolderName` makes them. */
  ownNames: readonly string[];
  workerMemoryBytes: number;
}>;

/** The name of a slot's folder on one of the disks, or of that for what its executor keeps. */
export function ownFolderName(executor: number, slot: number | "kept", disk: number): string {
  return `executor-${executor}-${slot}-disk-${disk}`;
}

/** A small task says all that it has to say in one message: each costs as much as the task. */
const LAST_BYTES_MAX = 4 << 10;

const OUTPUT_NAME = /^executor-\d+-(?:\d+|kept)-disk-(\d+)\/[\w.-]+$/;

/** Where the map output of that name lies. The name may come from anywhere: it cannot lead astray. */
export function shuffleFilePath(folders: readonly string[], name: string): string {
  const disk = OUTPUT_NAME.exec(name)?.[1];
  const folder = disk === undefined ? undefined : folders[Number(disk)];
  assert(folder !== undefined, `"${name}" is not the name of a map output`);
  return `${folder}/${name}`;
}

/** Of its memory, what a worker spends at most on indexes of map outputs; they are not asked for. */
const INDEX_SHARE = 1 / 16;

/**
 * Who writes a map output. `attempt`: the number of the attempt in its context, so that no other one
 * writes a file of that name: a later job that makes an output anew counts its attempts from 0.
 */
export type OutputWriter = Readonly<{ partition: PartitionId; attempt: number }>;

/** Where the outputs of exchanges lie that the tasks of a stage read, and what they know of them. */
export class StageInputs {
  readonly locations: readonly ExchangeLocation[];
  readonly indexes: OutputIndexes;

  constructor(locations: readonly ExchangeLocation[], workerMemoryBytes: number) {
    this.locations = locations;
    this.indexes = new OutputIndexes(workerMemoryBytes * INDEX_SHARE);
  }
}

export class LocalTaskIO implements TaskIO, Disposable {
  readonly platform: Platform;
  readonly budget: MemoryBudget;
  readonly spills: SpillManager;
  readonly #link: WorkerLink;
  readonly #place: WorkerPlace;
  readonly #writer: OutputWriter;
  readonly #inputs: StageInputs;
  readonly #turn: number;
  #isOutputDiskFull = false;
  /** The end of what was emitted, if it is small: it goes with the result, not before it. */
  #last: Uint8Array | undefined;
  /** The kept partitions that it asked for in vain. */
  readonly #absent: KeptId[] = [];

  /** `memoryBytes`: the budget of the task. `turn`: how many disks had no room for its output. */
  constructor(
    platform: Platform,
    link: WorkerLink,
    place: WorkerPlace,
    writer: OutputWriter,
    inputs: StageInputs,
    memoryBytes: number,
    turn = 0,
  ) {
    const ownFolders = place.folders.map((folder, disk) => `${folder}/${place.ownNames[disk]}`);
    const ownPlatform = withFoldersMadeAgain(platform, ownFolders);
    this.platform = namingFullDisks(ownPlatform, () => void (this.#isOutputDiskFull = true));
    this.#turn = turn;
    this.budget = new MemoryBudget(memoryBytes, () => link.isPressed);
    this.spills = new SpillManager(ownPlatform, ownFolders);
    this.#link = link;
    this.#place = place;
    this.#writer = writer;
    this.#inputs = inputs;
  }

  /** The disk on which its output was to lie has no room for it. */
  get isOutputDiskFull(): boolean {
    return this.#isOutputDiskFull;
  }

  get cancelled(): boolean {
    return this.#link.cancelled;
  }

  source(format: string, options: Options, split: Split): Iterable<Uint8Array> {
    return this.#link.open(format, options, split);
  }

  inputReady(): Promise<void> {
    return this.#link.streamsReady();
  }

  exchange(id: ExchangeId, partition: PartitionId, exchange: RevivedExchange): ExchangeInput {
    const location = this.#inputs.locations.find((candidate) => candidate.id === id);
    if (location === undefined) {
      assert(this.#absent.length > 0, `nobody said where the output of exchange ${id} lies`);
      throw new KeptLost(this.#absent, "no executor has them any more");
    }
    if (isKeptAsRuns(exchange)) {
      const range = rangeOf(location.bounds ?? [], partition);
      return {
        kind: "runs",
        runs: range === undefined ? [] : this.#runs(location, range),
        range: range ?? {},
      };
    }
    return { kind: "blocks", blocks: this.#blocks(location, partition) };
  }

  sink(id: ExchangeId, exchange: RevivedExchange): ExchangeSink {
    const { partition, attempt } = this.#writer;
    const disk = (partition + this.#turn) % this.#place.folders.length;
    const place: MapOutputPlace = {
      platform: this.platform,
      root: this.#place.folders[disk]!,
      folder: this.#place.ownNames[disk]!,
      exchange: id,
      partition,
      attempt,
    };
    return isKeptAsRuns(exchange)
      ? new SortedFileSink(place)
      : new ShuffleFileSink(place, partitionsOf(exchange));
  }

  discard({ file }: MapOutput): void {
    removeOutput(this.platform, shuffleFilePath(this.#place.folders, file));
  }

  kept(id: KeptId): Iterable<Uint8Array> | undefined {
    const blocks = this.#link.openKept(id);
    if (blocks === undefined) this.#absent.push(id);
    return blocks;
  }

  async keptLater(id: KeptId): Promise<AsyncIterable<Uint8Array> | undefined> {
    const blocks = await this.#link.openKeptLater(id);
    if (blocks === undefined) this.#absent.push(id);
    return blocks;
  }

  keep(id: KeptId, where: KeptWhere): KeptSink {
    return new LocalKeptSink(this.#link, id, where, this.budget.holder(false).reserve("kept"));
  }

  pipe(pipe: number): PipedProgram {
    return this.#link.pipe(pipe);
  }

  meet(meeting: Meeting, message: string): readonly string[] {
    return this.#link.meet(meeting, message);
  }

  emit(bytes: Uint8Array): void {
    if (this.#last !== undefined) this.#link.send({ kind: "emit", bytes: this.#last });
    const isSmall = bytes.length <= LAST_BYTES_MAX;
    this.#last = isSmall ? bytes.slice() : undefined;
    if (!isSmall) this.#link.send({ kind: "emit", bytes });
  }

  /** The result of its task, with what was held back for it. */
  ended(result: TaskResult): TaskResult {
    if (result.kind !== "value" || this.#last === undefined) return result;
    return { ...result, blocks: [...result.blocks, this.#last] };
  }

  broadcast(id: BroadcastId): Uint8Array {
    return readBroadcast(this.platform, this.#place.folders[0]!, id);
  }

  [Symbol.dispose](): void {
    this.spills[Symbol.dispose]();
  }

  *#blocks(location: ExchangeLocation, partition: PartitionId): Generator<Uint8Array> {
    const memory = new ReusedMemory();
    for (const [map, { file }] of location.outputs.entries()) {
      const path = shuffleFilePath(this.#place.folders, file);
      const origin = { exchange: location.id, partition: map };
      yield* readPartition(this.platform, path, origin, partition, this.#inputs.indexes, memory);
    }
  }

  #runs(location: ExchangeLocation, range: KeyRange) {
    return location.outputs.flatMap(({ file }, map) => {
      const path = shuffleFilePath(this.#place.folders, file);
      const origin = { exchange: location.id, partition: map };
      return openSortedOutput(this.platform, path, origin, range, this.#inputs.indexes);
    });
  }
}

/** The bounds of a range partitioner are known only after the map side, so reducers seek by them. */
function isKeptAsRuns(exchange: RevivedExchange): boolean {
  return exchange.kind === "sort" && exchange.partitioner.kind === "range";
}

/** The keys of a partition; undefined where there were too few different keys for so many. */
function rangeOf(bounds: readonly Uint8Array[], partition: PartitionId): KeyRange | undefined {
  if (partition > bounds.length) return undefined;
  const [from, to] = [bounds[partition - 1], bounds[partition]];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
