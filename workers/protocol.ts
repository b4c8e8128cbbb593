/**
 * What driver, control thread and worker say to one another: four unions, one encoding.
 *
 *     DRIVER ── ToExecutor ──► CONTROL THREAD ── ToWorker ──► WORKER
 *            ◄─ FromExecutor ─                ◄─ FromWorker ─
 *            frames on a socket (channel.ts)  messages in a ring (ring.ts)
 *
 *     a message:  u32 length of the header │ header: all fields but `bytes`, by the codec │ bytes
 *
 * `bytes` is the load of a message (a block, a piece of a file, an encoded stage): it passes as it
 * is, and a thread that only hands it on never looks inside. The driver checks what it gets field by
 * field, because user code runs on the other side: a message that is not one of these, or not whole,
 * ends the executor and not the driver.
 */
import { decodeValue, encodeValue } from "../core/codec/binary.ts";
import type { BroadcastId } from "../core/engine.ts";
import { type FailureReport, JobError } from "../core/errors.ts";
import type { Grants } from "../core/grants.ts";
import type { PipeCommand } from "../core/plan/ops.ts";
import type { Options, PartitionId, PlanId, Split } from "../core/plan/plan.ts";
import type {
  AttemptInfo,
  ExecutorId,
  Flow,
  JobId,
  KeptElsewhere,
  KeptId,
  Meeting,
  StageId,
  Task,
  TaskResult,
} from "../core/task.ts";
import type { BlockPlace } from "./task_io.ts";

/** What an executor has to know before its first task. */
export type ExecutorSetup = Readonly<{
  executor: number;
  slots: number;
  /** The application's folders, one in each local directory; the executor has its own in them. */
  folders: readonly string[];
  /** The memory budget of one slot. */
  workerMemoryBytes: number;
  /** What the whole process may hold (workers/memory_levels.ts). */
  memoryBytesMax: number;
  /** What the partitions of persisted datasets may take of the budgets of all slots together. */
  storageBytesMax: number;
  /** What every stage may do: its workers wait for tasks with that (workers/permissions.ts). */
  grants: Grants;
}>;

/**
 * What an executor finds in a file of its own when it starts, so that it need not wait for a driver
 * that is busy: it is ready by the time the driver has captured its first function.
 */
export type ExecutorOrder = Readonly<{
  setup: ExecutorSetup;
  /** The secret that shows the driver that this is the process that it started. */
  token: string;
  socketPath: string;
  /** All folders of the application: whoever loses its driver removes them. */
  folders: readonly string[];
}>;

/** Where the values of a stage go that are no values but a file: a sink's. */
export type SaveTarget = Readonly<{ format: string; options: Options; job: JobId }>;

/** Driver → executor. */
export type ToExecutor =
  /**
   * `bytes`: the encoded Stage. `commands`: those of its pipes; no others are run for it. `grants`:
   * what its functions may do, as `Stage.grants`.
   */
  | Readonly<{
    kind: "prepare";
    stage: StageId;
    save?: SaveTarget;
    commands?: readonly PipeCommand[];
    grants?: Grants;
    bytes: Uint8Array;
  }>
  /** `bytes`: the encoded ExchangeLocation[] of the stage's inputs, for tasks launched from now on. */
  | Readonly<{ kind: "locate"; stage: StageId; bytes: Uint8Array }>
  | Readonly<{ kind: "release"; stage: StageId }>
  /** What was decoded of a broadcast is not to be held any longer. */
  | Readonly<{ kind: "dropBroadcast"; broadcast: BroadcastId }>
  /** `elsewhere`: partitions of persisted datasets that the flow reads and other executors keep. */
  | Readonly<{
    kind: "launch";
    task: Task;
    info: AttemptInfo;
    flow: Flow;
    elsewhere: readonly KeptElsewhere[];
  }>
  /** All tasks of a barrier stage have met: their messages, by partition. Or why they have not. */
  | Readonly<{ kind: "met"; task: Task; messages: readonly string[] }>
  | Readonly<{ kind: "notMet"; task: Task; failure: FailureReport }>
  | Readonly<{ kind: "cancel"; task: Task; reason: string }>
  /** A dataset is not persisted any more. */
  | Readonly<{ kind: "forgetKept"; dataset: PlanId }>
  /** Another executor wants to read a kept partition: `keptExported` answers. */
  | Readonly<{
    kind: "exportKept";
    reader: ExecutorId;
    request: number;
    dataset: PlanId;
    partition: PartitionId;
    damaged?: string;
  }>
  /** Answers `wantKept`; without a file where the partition is not to be had. */
  | Readonly<{ kind: "keptFile"; request: number; file?: string }>
  /** It is to end its programs and itself, and to answer nothing any more. */
  | Readonly<{ kind: "end" }>;

/** Executor → driver. */
export type FromExecutor =
  /** `version`: that of its Flint, which may have been replaced while the program ran. */
  | Readonly<{ kind: "hello"; token: string; version: string }>
  | Readonly<{ kind: "ready" }>
  | Readonly<{ kind: "heartbeat"; rssBytes: number }>
  /** Its last message: why it ends. */
  | Readonly<{ kind: "ending"; reason: string }>
  /** A task waits for the others of its barrier stage. */
  | Readonly<{ kind: "meet"; task: Task; meeting: Meeting; message: string }>
  /** A program runs for a pipe, or does no more: the driver ends it if the executor cannot. */
  | Readonly<{ kind: "programStarted" | "programEnded"; pid: number }>
  /**
   * `bytes`: a block of the value of a task that still runs; void if the task fails. `blockBytes`: how
   * long the block is of which they are the first part; the task's next messages go on with it.
   */
  | Readonly<{ kind: "value"; task: Task; blockBytes?: number; bytes: Uint8Array }>
  | Readonly<{ kind: "ended"; result: TaskResult }>
  /** A kept partition had to make room, or was damaged. */
  | Readonly<{ kind: "keptDropped"; dataset: PlanId; partition: PartitionId }>
  /**
   * A task wants a partition that another executor keeps: `keptFile` answers. `damaged`: not this file
   * of it, which the task has read.
   */
  | Readonly<{
    kind: "wantKept";
    request: number;
    dataset: PlanId;
    partition: PartitionId;
    executor: ExecutorId;
    damaged?: string;
  }>
  | Readonly<{ kind: "keptExported"; reader: ExecutorId; request: number; file?: string }>;

/** Control thread → worker. */
export type ToWorker =
  | Readonly<{ kind: "dropBroadcast"; broadcast: BroadcastId }>
  | Readonly<{ kind: "prepare"; stage: StageId; bytes: Uint8Array }>
  | Readonly<{ kind: "locate"; stage: StageId; bytes: Uint8Array }>
  | Readonly<{ kind: "release"; stage: StageId }>
  /** `memoryBytes`: the budget of the task. */
  | Readonly<{
    kind: "launch";
    task: Task;
    info: AttemptInfo;
    flow: Flow;
    memoryBytes: number;
  }>
  /** The answer to a `meet`, one for each. */
  | Readonly<{ kind: "met"; messages: readonly string[] }>
  | Readonly<{ kind: "notMet"; failure: FailureReport }>
  /** `bytes`: the next piece of a stream that the worker opened. */
  | Readonly<{ kind: "piece"; stream: number; bytes: Uint8Array }>
  /** A program has read a `feed` of its stream; if it is not `wanted`, it will read no more. */
  | Readonly<{ kind: "fed"; stream: number; wanted: boolean }>
  | Readonly<{ kind: "streamEnded"; stream: number }>
  | Readonly<{ kind: "streamFailed"; stream: number; failure: FailureReport }>
  /** A stream of `openKept` has nothing, or nothing more, that can be read. */
  | Readonly<{ kind: "keptAbsent"; stream: number; detail: string }>
  /** Answers `keep`: where the block went. */
  | Readonly<{ kind: "keptBlock"; stream: number; place: BlockPlace }>;

/** Worker → control thread. */
export type FromWorker =
  | Readonly<{ kind: "ready" }>
  /** Asks for the bytes of a split. Some pieces come unasked, each further one for a `more`. */
  | Readonly<{ kind: "open"; stream: number; format: string; options: Options; split: Split }>
  /** Blocks the task until it is answered. */
  | Readonly<{ kind: "meet"; meeting: Meeting; message: string }>
  /** Starts the program of the pipe of that index in the stage; what it writes is the stream. */
  | Readonly<{ kind: "pipe"; stream: number; pipe: number }>
  /** `bytes`: the next of what the program of the stream is to read. */
  | Readonly<{ kind: "feed"; stream: number; bytes: Uint8Array }>
  /** The program of the stream will get no more. */
  | Readonly<{ kind: "feedEnded"; stream: number }>
  | Readonly<{ kind: "more"; stream: number }>
  /** No further piece of the stream is wanted. */
  | Readonly<{ kind: "close"; stream: number }>
  /** The same for the blocks of a kept partition; where it is not kept, `keptAbsent` answers. */
  | Readonly<{ kind: "openKept"; stream: number; id: KeptId }>
  /**
   * `bytes`: the next block of a partition that is to be kept. `mayHold`: the task's budget has room
   * for it. `keptBlock` answers, or `streamFailed`.
   */
  | Readonly<
    {
      kind: "keep";
      stream: number;
      id: KeptId;
      memory: boolean;
      disk: boolean;
      mayHold: boolean;
      bytes: Uint8Array;
    }
  >
  /** A partition that is to be kept is complete, or is given up. */
  | Readonly<{ kind: "endKeep"; id: KeptId; memory: boolean; disk: boolean; isWhole: boolean }>
  /** `bytes`: a block of the running task's value, or the next bytes of its file. */
  | Readonly<{ kind: "emit"; bytes: Uint8Array }>
  | Readonly<{ kind: "ended"; result: TaskResult }>
  /** The worker is about to end, by an act of user code such as `Deno.exit(3)`. */
  | Readonly<{ kind: "exiting"; act: string; cause?: FailureReport }>;

export type Message = ToExecutor | FromExecutor | ToWorker | FromWorker;

const LENGTH_BYTES = 4;
/** The longest block that an executor may announce. */
const BLOCK_BYTES_MAX = 2 ** 31;
const NO_BYTES = new Uint8Array(0);

/** A message as parts to be sent one after the other; `bytes` is among them as it is. */
export function encodeMessage(message: Message): readonly Uint8Array[] {
  const { bytes, ...fields } = message as Message & { bytes?: Uint8Array };
  const header = encodeValue(fields);
  const prefix = new Uint8Array(LENGTH_BYTES);
  new DataView(prefix.buffer).setUint32(0, header.length, true);
  return [prefix, header, bytes ?? NO_BYTES];
}

/** The message in `encoded`; its `bytes` is a view. Throws a JobError if it is no such message. */
export function decodeMessage<M extends Message>(encoded: Uint8Array, shapes: Shapes<M>): M {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (encoded.length < LENGTH_BYTES) throw damaged("it is too short");
  const headerEnd = LENGTH_BYTES + view.getUint32(0, true);
  if (headerEnd > encoded.length) throw damaged("its header is longer than the message");
  let fields: unknown;
  try {
    fields = decodeValue(encoded.subarray(LENGTH_BYTES, headerEnd));
  } catch (cause) {
    throw damaged("its header cannot be decoded", { cause });
  }
  const bytes = encoded.subarray(headerEnd);
  const kind = isRecord(fields) ? fields.kind : undefined;
  const shape = typeof kind === "string" && Object.hasOwn(shapes, kind)
    ? shapes[kind as M["kind"]]
    : undefined;
  if (shape === undefined) throw damaged("its kind is not known");
  if (!shape(fields as Fields)) throw damaged(`a field of "${kind}" is wrong`);
  return { ...(fields as Fields), bytes } as unknown as M;
}

type Fields = Readonly<Record<string, unknown>>;
/** For each kind: are the fields what they have to be? */
export type Shapes<M extends Message> = Readonly<
  { [K in M["kind"]]: (fields: Fields) => boolean }
>;

function damaged(what: string, options?: ErrorOptions): JobError {
  return new JobError(
    "ExecutorLost",
    `the channel of an executor is damaged: a message came of which ${what}`,
    undefined,
    options,
  );
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTask(value: unknown): boolean {
  return isRecord(value) && isCount(value.stage) && isCount(value.partition) &&
    isCount(value.attempt);
}

function isFailure(value: unknown): boolean {
  return isRecord(value) && typeof value.name === "string" && typeof value.message === "string";
}

function isBytesList(value: unknown): boolean {
  return Array.isArray(value) && value.every((bytes) => bytes instanceof Uint8Array);
}

function areUpdates(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((update) =>
      isRecord(update) && isCount(update.id) && update.bytes instanceof Uint8Array
    );
}

function isMapOutput(value: unknown): boolean {
  return isRecord(value) && typeof value.file === "string" && isCount(value.records) &&
    isCount(value.bytes) && (value.sample === undefined || isBytesList(value.sample));
}

function areMetrics(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((figure) => typeof figure === "number");
}

function isKeptId(value: unknown): boolean {
  return isRecord(value) && isCount(value.dataset) && isCount(value.partition);
}

function areKept(value: unknown): boolean {
  return value === undefined || Array.isArray(value) &&
      value.every((kept) =>
        isKeptId(kept) && isCount(kept.bytesInMemory) && isCount(kept.bytesOnDisk)
      );
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === "boolean";
}

function isBlockLength(value: unknown): boolean {
  return value === undefined || isCount(value) && value <= BLOCK_BYTES_MAX;
}

function isFileOrNone(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

const resultShapes: Readonly<Record<TaskResult["kind"], (result: Fields) => boolean>> = {
  value: (result) =>
    isBytesList(result.blocks) && areUpdates(result.updates) && areKept(result.kept) &&
    isFlag(result.drew),
  written: (result) =>
    isMapOutput(result.output) && areUpdates(result.updates) && areKept(result.kept) &&
    isFlag(result.drew),
  inputLost: (result) => isCount(result.exchange) && isCount(result.partition),
  keptLost: (result) =>
    Array.isArray(result.lost) && result.lost.every(isKeptId) && typeof result.detail === "string",
  failed: (result) => isFailure(result.failure),
  killed: (result) => typeof result.reason === "string",
};

function isMeeting({ meeting, message }: Fields): boolean {
  return (meeting === "barrier" || meeting === "allGather") && typeof message === "string";
}

function isResult(value: unknown): boolean {
  if (!isRecord(value) || !isTask(value.task) || !areMetrics(value.metrics)) return false;
  const kind = value.kind as string;
  return Object.hasOwn(resultShapes, kind) && resultShapes[kind as TaskResult["kind"]](value);
}

const always = () => true;

/** The driver trusts nobody. */
export const fromExecutorShapes: Shapes<FromExecutor> = {
  hello: (fields) => typeof fields.token === "string" && typeof fields.version === "string",
  ready: always,
  heartbeat: (fields) => isCount(fields.rssBytes),
  ending: (fields) => typeof fields.reason === "string",
  meet: (fields) => isTask(fields.task) && isMeeting(fields),
  programStarted: (fields) => isCount(fields.pid),
  programEnded: (fields) => isCount(fields.pid),
  value: (fields) => isTask(fields.task) && isBlockLength(fields.blockBytes),
  ended: (fields) => isResult(fields.result),
  keptDropped: isKeptId,
  wantKept: (fields) =>
    isKeptId(fields) && isCount(fields.request) && isCount(fields.executor) &&
    isFileOrNone(fields.damaged),
  keptExported: (fields) =>
    isCount(fields.request) && isCount(fields.reader) && isFileOrNone(fields.file),
};

/** The driver's messages are ours, and what a worker says is checked again by the driver. */
export const toExecutorShapes: Shapes<ToExecutor> = {
  prepare: always,
  locate: always,
  release: always,
  dropBroadcast: always,
  launch: always,
  met: always,
  notMet: always,
  cancel: always,
  forgetKept: always,
  exportKept: always,
  keptFile: always,
  end: always,
};

export const toWorkerShapes: Shapes<ToWorker> = {
  prepare: always,
  locate: always,
  release: always,
  dropBroadcast: always,
  launch: always,
  met: always,
  notMet: always,
  piece: always,
  fed: always,
  streamEnded: always,
  streamFailed: always,
  keptAbsent: always,
  keptBlock: always,
};

export const fromWorkerShapes: Shapes<FromWorker> = {
  ready: always,
  open: (fields) => isCount(fields.stream) && typeof fields.format === "string",
  meet: isMeeting,
  pipe: (fields) => isCount(fields.stream) && isCount(fields.pipe),
  feed: (fields) => isCount(fields.stream),
  feedEnded: (fields) => isCount(fields.stream),
  more: (fields) => isCount(fields.stream),
  close: (fields) => isCount(fields.stream),
  openKept: (fields) => isCount(fields.stream) && isKeptId(fields.id),
  keep: (fields) => isCount(fields.stream) && isKeptId(fields.id),
  endKeep: (fields) => isKeptId(fields.id),
  emit: always,
  ended: (fields) => isResult(fields.result),
  exiting: (fields) => typeof fields.act === "string",
};
