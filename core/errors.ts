/**
 * The errors that people meet. Three families, few classes, a `code` for programs:
 *
 * - the user's mistake, found as early as can be: `ClosureError`, `PlanError`, `ConfigError`,
 *   `InputError`, `OutputError`, `RecordError`;
 * - what happened while tasks ran: `TaskError` (the user's code threw), `JobError` (executors or
 *   map outputs were lost too often), `MemoryError`, `CancelledError`;
 * - our own bug: `InvariantError`, thrown by `assert` and never caught.
 *
 * A message names the act, the value and the cure; the cure stands on a line of its own:
 *
 *     ClosureError: Cannot ship the function at job.ts:12:20: it uses "db", which is a Deno.TcpConn
 *       Open it inside mapPartitions(), where it lives in the worker
 */

/** Every code, with the class that carries it. */
export type ErrorCode =
  // ClosureError
  | "NotShippable"
  | "ContextOnlyOnDriver"
  | "ClosureCorrupt"
  // PlanError
  | "InvalidArgument"
  | "EmptyCollection"
  | "ContextStopped"
  | "NotAvailable"
  // ConfigError
  | "InvalidMaster"
  | "InvalidConfig"
  | "UnknownOption"
  // InputError
  | "InputNotFound"
  | "InputDenied"
  | "InputChanged"
  | "InputUnsupported"
  | "InvalidPath"
  | "CorruptInput"
  | "InvalidEncoding"
  | "RecordTooLarge"
  | "TooManyOpenFiles"
  // OutputError
  | "OutputExists"
  | "OutputDenied"
  | "DiskFull"
  // RecordError
  | "UnhashableKey"
  | "KeyTypeMismatch"
  | "NotSerializable"
  | "NotAPair"
  | "NotANumber"
  | "PromiseReturned"
  | "NotIterable"
  | "NotAwaited"
  | "CorruptBlock"
  | "ValuesGone"
  | "MissingFraction"
  | "UnequalPartitions"
  // TaskError
  | "TaskFailed"
  | "TaskTimeout"
  | "PermissionDenied"
  // JobError
  | "ExecutorLost"
  | "ExecutorOutOfMemory"
  | "TaskExited"
  | "MapOutputLost"
  // MemoryError
  | "OverBudget"
  // CancelledError
  | "Cancelled"
  // InvariantError
  | "Bug";

/** What every error of Flint has. */
export abstract class FlintError extends Error {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  /** `cure` is what the user can do about it: one sentence, shown on a line of its own. */
  constructor(code: ErrorCode, message: string, cure?: string, options?: ErrorOptions) {
    super(cure === undefined ? message : `${message}\n  ${cure}`, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A function cannot travel to the workers; found before anything runs. */
export class ClosureError extends FlintError {}
/** An argument that makes no sense, or an action that has no answer. */
export class PlanError extends FlintError {}
/** An option, a master or a configuration value that is not understood. */
export class ConfigError extends FlintError {}
/** Input that is not there, may not be read or is not what it should be. */
export class InputError extends FlintError {}
/** Output that cannot be written. */
export class OutputError extends FlintError {}
/** A record or key that cannot be handled: wrong type, not serializable, damaged. */
export class RecordError extends FlintError {}
/** More memory was needed at once than the budget has. */
export class MemoryError extends FlintError {}
/**
 * The job was cancelled, by `sc.cancelJobGroup()` and its like or by `sc.stop()`. What a signal ended rejects with the signal's own reason: a
 * DOMException named AbortError or TimeoutError, unless something else was given to `abort()`.
 */
export class CancelledError extends FlintError {}

/** Where a task stood when it failed. */
export type TaskPlace = Readonly<
  { stage: number; partition: number; attempt: number; stageName?: string }
>;

/** The user's function threw in a task, and `cause` is what it threw; or it took too long. */
export class TaskError extends FlintError {
  /** The task that failed. */
  readonly place: TaskPlace;

  /** An error without a cure of its own: the cause says what to do. */
  constructor(code: ErrorCode, message: string, place: TaskPlace, options?: ErrorOptions) {
    super(code, message, undefined, options);
    this.place = place;
  }
}

/** The job could not be finished although no function of the user threw: its story is in the message. */
export class JobError extends FlintError {}

/** A bug in Flint. */
export class InvariantError extends FlintError {
  /** `message` says what should have held. */
  constructor(message: string) {
    super("Bug", message, "This is a bug in Flint; please report it with this message");
  }
}

/** Throws an InvariantError unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** An error as it crosses processes: plain data. */
export type FailureReport = Readonly<{
  /** The class, such as `TypeError` or `RecordError`. */
  name: string;
  message: string;
  code?: ErrorCode | undefined;
  stack?: string | undefined;
  /** The user's own fields (`error.status`), as far as they are plain values. */
  fields?: Readonly<Record<string, unknown>> | undefined;
  cause?: FailureReport | undefined;
  /** The same task will fail again: another attempt is pointless. */
  final?: boolean | undefined;
  /** A short text of the record that was being handled. */
  record?: string | undefined;
}>;

const MESSAGE_CHARS_MAX = 64 * 1024;
const CAUSES_MAX = 8;

/** Any thrown value as data. Never throws itself, whatever the value's getters do. */
export function reportOf(thrown: unknown, depth = 0): FailureReport {
  if (!(thrown instanceof Error)) {
    return { name: "NonError", message: `a value that is no Error was thrown: ${shown(thrown)}` };
  }
  const read = <T>(get: () => T): T | undefined => {
    try {
      return get();
    } catch {
      return undefined;
    }
  };
  const cause = read(() => thrown.cause);
  const fields: Record<string, unknown> = {};
  for (const key of read(() => Object.keys(thrown)) ?? []) {
    if (key === "name" || key === "code" && thrown instanceof FlintError) continue;
    const value = read(() => (thrown as unknown as Record<string, unknown>)[key]);
    if (value === null || ["string", "number", "boolean", "bigint"].includes(typeof value)) {
      fields[key] = typeof value === "string" ? clipped(value) : value;
    }
  }
  return {
    name: clipped(String(read(() => thrown.name) ?? "Error")),
    message: clipped(String(read(() => thrown.message) ?? "")),
    stack: clipped(String(read(() => thrown.stack) ?? "")),
    ...(thrown instanceof FlintError ? { code: thrown.code } : {}),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
    ...(cause === undefined || depth >= CAUSES_MAX ? {} : { cause: reportOf(cause, depth + 1) }),
  };
}

/** The classes of errors that the language has, by the names that reports carry. */
const STANDARD_ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
    .map((constructor) => [constructor.name, constructor]),
);

/**
 * The error of a report, for `cause` chains on the driver: name, message, stack and fields are kept,
 * and the class where it is one of the language's own.
 */
export function errorOf(report: FailureReport): Error {
  const constructor = STANDARD_ERRORS.get(report.name) ?? Error;
  const error = new constructor(
    report.message,
    report.cause ? { cause: errorOf(report.cause) } : undefined,
  );
  Object.assign(error, report.fields);
  if (report.code !== undefined) Object.assign(error, { code: report.code });
  error.name = report.name;
  if (report.stack) error.stack = report.stack;
  return error;
}

function clipped(text: string): string {
  return text.length <= MESSAGE_CHARS_MAX
    ? text
    : `${text.slice(0, MESSAGE_CHARS_MAX)}… (${text.length} characters)`;
}

/** A value as a short text for messages; never throws. */
export function shown(value: unknown, charsMax = 80): string {
  let text: string;
  try {
    switch (typeof value) {
      case "string":
        text = JSON.stringify(value.slice(0, charsMax + 1));
        break;
      case "bigint":
        text = `${value}n`;
        break;
      case "function":
        text = `function ${value.name || "(anonymous)"}`;
        break;
      case "object":
        text = value === null ? "null" : objectText(value);
        break;
      default:
        text = String(value);
    }
  } catch {
    text = `${typeof value === "object" ? "an" : "a"} ${typeof value} that cannot be shown`;
  }
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}

function objectText(value: object): string {
  if (value instanceof Date) return `Date(${value.getTime()})`;
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? "Object";
  const json = JSON.stringify(value, (_, v) => typeof v === "bigint" ? `${v}n` : v);
  return name === "Object" || name === "Array" ? json : `${name} ${json}`;
}
