/**
 * How a task ended that did not end well, told so that its reader knows whose fault it was and what
 * to do: data for TaskResult, whatever was thrown.
 */
import {
  type ErrorCode,
  type FailureReport,
  FlintError,
  InputError,
  OutputError,
  PlanError,
  RecordError,
  reportOf,
  shown,
  TaskError,
} from "../core/errors.ts";
import { FileError, firstThrown } from "../core/platform.ts";
import type { KeptId } from "../core/task.ts";
import { MapOutputDamaged } from "../shuffle/damage.ts";
import { denialIn } from "./denials.ts";
import { KeptLost } from "./kept_errors.ts";
import type { Blame, Culprit } from "./pipeline/blame.ts";
import { named } from "./pipeline/returned.ts";
import { RingBrokenError } from "./ring.ts";

/** Thrown where a task notices that its job was cancelled. */
export class TaskCancelled extends Error {
  constructor() {
    super("the job was cancelled");
  }
}

export type BadEnd =
  | Readonly<{ kind: "failed"; failure: FailureReport }>
  | Readonly<{ kind: "inputLost"; exchange: number; partition: number; detail: string }>
  | Readonly<{ kind: "keptLost"; lost: readonly KeptId[]; detail: string }>
  | Readonly<{ kind: "killed"; reason: string }>;

/** What `error` means for the task. Throws a RingBrokenError: there is nobody to be told. */
export function badEnd(thrown: unknown, blame: Blame, cancelled: boolean): BadEnd {
  const error = firstThrown(thrown);
  if (error instanceof RingBrokenError) throw error;
  if (cancelled || error instanceof TaskCancelled) {
    return { kind: "killed", reason: "the job was cancelled" };
  }
  if (error instanceof MapOutputDamaged) {
    const { exchange, partition, detail } = error;
    return { kind: "inputLost", exchange, partition, detail };
  }
  if (error instanceof KeptLost) {
    return { kind: "keptLost", lost: error.lost, detail: error.detail };
  }
  return { kind: "failed", failure: judged(error, blame.of(error)) };
}

/** What went wrong in the control thread on behalf of a task, such as with the file that it saves. */
export function servingFailure(thrown: unknown): FailureReport {
  return judged(firstThrown(thrown), undefined);
}

/** Also says whether another attempt is worth it. */
function judged(error: unknown, culprit: Culprit | undefined): FailureReport {
  const isLocalDisk = culprit === undefined && error instanceof FileError;
  const failure = failureOf(isLocalDisk ? refusal(error) : error, culprit);
  // A disk that has failed once may do its work the next time.
  return isOfDisk(error) ? { ...failure, final: false } : failure;
}

/** The files that a task itself reads and writes are those of the application. */
function refusal(error: FileError): OutputError {
  const { act, path, cause, kind } = error;
  const reason = cause instanceof Error ? cause.message : kind;
  return new OutputError(
    "OutputDenied",
    `Cannot ${act} ${path}: ${reason}`,
    "The folders of spark.local.dir must stay there, readable and writable, while a program runs",
  );
}

function failureOf(error: unknown, culprit: Culprit | undefined): FailureReport {
  const record = culprit?.record === undefined ? {} : { record: shown(culprit.record.value) };
  const cause = reportOf(error);
  const code = codeOf(error, cause);
  if (code !== undefined) {
    // What Flint refuses in a record or an input it will refuse again, and what has found every disk
    // full will find them so; damage may have been in memory, and a program may do better next time.
    const final = code !== "CorruptBlock" && code !== "TaskFailed";
    return { ...cause, ...record, code, final };
  }
  const denial = denialIn(cause);
  if (denial !== undefined) {
    const { permission, value, message } = denial;
    const where = culprit === undefined ? "" : `${named(culprit.step)}: `;
    return {
      name: "TaskError",
      code: "PermissionDenied",
      message: `${where}${message}`,
      fields: { permission, value },
      stack: cause.stack,
      cause,
      ...record,
      final: true,
    };
  }
  if (culprit === undefined) return cause;
  const thrown = error instanceof Error ? `${cause.name}: ${cause.message}` : notAnError(error);
  return {
    name: "TaskError",
    code: "TaskFailed",
    message: `${named(culprit.step)} threw ${thrown}`,
    stack: cause.stack,
    cause,
    ...record,
  };
}

/** The code of an error of Flint, also of one that came from the control thread as a report. */
function codeOf(error: unknown, { name, fields }: FailureReport): ErrorCode | undefined {
  if (error instanceof FlintError) return error.code;
  // Read from the report: what the user throws may have getters that throw.
  return reportedNames.has(name) ? fields?.code as ErrorCode | undefined : undefined;
}

/** Whether a disk has failed at something (EIO), also in the control thread, whose errors are reports. */
function isOfDisk(error: unknown): boolean {
  const report = reportOf(error);
  return [report, report.cause].some((refused) =>
    refused?.name === "FileError" && refused.fields?.kind === "other"
  );
}

/** What can go wrong with the input, the output or a program of a task outside of its worker. */
const reportedNames = new Set(
  [InputError, OutputError, PlanError, RecordError, TaskError].map(({ name }) => name),
);

function notAnError(thrown: unknown): string {
  return `${shown(thrown)}, which is no Error`;
}
