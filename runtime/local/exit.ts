/**
 * The end of the driver's process, in the ways in which something can still be done.
 *
 * | how it ends                       | what cleans up                                       |
 * | --------------------------------- | ---------------------------------------------------- |
 * | the script ends, `Deno.exit`      | the `unload` listener                                |
 * | Ctrl-C, SIGTERM, SIGHUP           | a signal listener; the exit code is 128 + the signal |
 * |                                   | and outputs that are half written are removed first  |
 * | an uncaught error, SIGKILL        | the executors, when they lose their driver           |
 * | an uncaught error, no executor    | a listener; the program may yet catch the error      |
 */

const SIGNALS = [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const;

/** How long the end of the process waits for what is undone before it. */
const UNDO_MS_MAX = 1_000;

const UNCAUGHT = ["error", "unhandledrejection"] as const;

/**
 * Has `cleanUp` called once, synchronously, before the process ends; `uncaught` when it is about to
 * end, unless a listener of the program after us prevents that; `interrupted` after `cleanUp`, where a
 * signal ends it: what it promises is waited for, a second at most. Dispose it to stop watching.
 */
export function watchExit(
  cleanUp: () => void,
  uncaught: () => void,
  interrupted: () => Promise<void>,
): Disposable {
  let isDone = false;
  const once = () => {
    if (isDone) return;
    isDone = true;
    cleanUp();
  };
  const listeners = SIGNALS.map(([signal, number]) => {
    const listener = () => {
      const end = () => Deno.exit(128 + number);
      // Who asks twice wants no more to be waited for.
      if (isDone) end();
      once();
      setTimeout(end, UNDO_MS_MAX);
      interrupted().then(end);
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  const fail = (event: Event) => void (event.defaultPrevented || uncaught());
  globalThis.addEventListener("unload", once);
  for (const type of UNCAUGHT) globalThis.addEventListener(type, fail);
  return {
    [Symbol.dispose]() {
      isDone = true;
      globalThis.removeEventListener("unload", once);
      for (const type of UNCAUGHT) globalThis.removeEventListener(type, fail);
      for (const remove of listeners) remove();
    },
  };
}
