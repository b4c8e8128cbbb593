/** What a user catches when a job fails: the error that a failure report describes. */
import {
  CancelledError,
  ClosureError,
  ConfigError,
  errorOf,
  type FailureReport,
  FlintError,
  InputError,
  InvariantError,
  JobError,
  MemoryError,
  OutputError,
  PlanError,
  RecordError,
  TaskError,
} from "../../core/errors.ts";

/** Frames of code that was revived in a worker, rewritten to where the user wrote it. */
export type MapStack = (stack: string) => string;

const CLASSES = {
  CancelledError,
  ClosureError,
  ConfigError,
  InputError,
  JobError,
  MemoryError,
  OutputError,
  PlanError,
  RecordError,
} as const;

/**
 * The error of a failed job. It is of the class and has the code that the report names, its cause is
 * what was thrown in the task, and both stacks name the user's own source.
 */
export function failedJob(report: FailureReport, mapStack: MapStack): Error {
  const thrown = behind(report);
  const cause = thrown === undefined ? undefined : causeOf(thrown, mapStack);
  const options = cause === undefined ? undefined : { cause };
  const code = report.code ?? "TaskFailed";
  if (report.name === "InvariantError") return new InvariantError(report.message);
  if (Object.hasOwn(CLASSES, report.name)) {
    const FailedClass = CLASSES[report.name as keyof typeof CLASSES];
    return withFields(new FailedClass(code, report.message, undefined, options), report);
  }
  const { stage = 0, partition = 0, attempt = 0, stageName } = (report.fields ?? {}) as {
    stage?: number;
    partition?: number;
    attempt?: number;
    stageName?: string;
  };
  const place = { stage, partition, attempt, ...(stageName === undefined ? {} : { stageName }) };
  return withFields(new TaskError(code, report.message, place, options), report);
}

/**
 * What lies behind the failure of the task. That of a TaskError is what user code threw; an error of
 * ours is what the job's error is itself, so only what led to it says something new.
 */
function behind({ name, cause }: FailureReport): FailureReport | undefined {
  const found = cause?.name === name ? cause.cause : cause;
  // A value that is no Error has no stack, and the message has shown it.
  return found?.name === "NonError" ? undefined : found;
}

function withFields<E extends FlintError>(error: E, report: FailureReport): E {
  return Object.assign(error, report.record === undefined ? {} : { record: report.record });
}

function causeOf(report: FailureReport, mapStack: MapStack): Error {
  const error = errorOf(report);
  let described: FailureReport | undefined = report;
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    // Without a stack of its own it would show where it was put together here.
    e.stack = described?.stack ? mapStack(described.stack) : `${e.name}: ${e.message}`;
    described = described?.cause;
  }
  return error;
}
