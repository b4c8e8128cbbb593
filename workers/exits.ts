/**
 * User code that ends its own worker, and how that is told.
 *
 * The runtime's ways to exit end a Web Worker without a word to anybody, and an error outside the
 * task's own call ends it with a message only. Each of them is replaced by a version that first says
 * what happened and then does it.
 */
import { type FailureReport, reportOf, shown } from "../core/errors.ts";

/** A function that ends the worker: `owner[method]`, and how the one who called it calls it. */
export type Exit = Readonly<{ owner: object; method: string; name: () => string }>;

export type ExitHost = Readonly<{
  /** Says what is about to end the worker, and the cure; returns before it ends. */
  report: (act: string, cause?: FailureReport) => void;
  /** Ends the worker. */
  end: () => void;
}>;

/** Puts the reporting versions in place; to be called before any user code runs. */
export function watchExits(scope: EventTarget, exits: readonly Exit[], host: ExitHost): void {
  const leave = (act: string, cure: string, cause?: FailureReport): never => {
    host.report(`${act}\n  ${cure}`, cause);
    host.end();
    throw new Error(act);
  };
  for (const { owner, method, name } of exits) {
    const value = (code?: unknown) =>
      leave(
        `${name()}(${code === undefined ? "" : shown(code)}) was called in a task`,
        "End the task by returning, or by throwing an error that says why",
      );
    Object.defineProperty(owner, method, { value, configurable: true, writable: true });
  }
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    const thrown = (event as ErrorEvent).error;
    leave(
      `an error was thrown outside a task's own call: ${said(thrown)}`,
      "Catch it in the timer or listener that throws it",
      reportOf(thrown),
    );
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const { reason } = event as PromiseRejectionEvent;
    leave(
      `a Promise that nobody awaited was rejected: ${said(reason)}`,
      "Catch it where it is made, with promise.catch(); what has to wait goes into mapAsync()",
      reportOf(reason),
    );
  });
}

function said(thrown: unknown): string {
  const { name, message } = reportOf(thrown);
  return `${name}: ${message}`;
}
