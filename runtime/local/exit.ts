/**
 * The end of the driver's process, in the ways in which something can still be done.
 *
 * | how it ends                       | what cleans up                                       |
 * | --------------------------------- | ---------------------------------------------------- |
 * | the script ends, `Deno.exit`      | the `unload` listener                                |
 * | Ctrl-C, SIGTERM, SIGHUP           | a signal listener; the exit code is 128 + the signal |
 * | an uncaught error, SIGKILL        | the executors, when they lose their driver           |
 * | an uncaught error, no executor    | a listener; the program may yet catch the error      |
 */

const SIGNALS = [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const;

const UNCAUGHT = ["error", "unhandledrejection"] as const;

/**
 * Has `cleanUp` called once, synchronously, before the process ends; `uncaught` when it is about to
 * end, unless a listener of the program after us prevents that. Dispose it to stop watching.
 */
export function watchExit(cleanUp: () => void, uncaught: () => void): Disposable {
  let isDone = false;
  const once = () => {
    if (isDone) return;
    isDone = true;
    cleanUp();
  };
  const listeners = SIGNALS.map(([signal, number]) => {
    const listener = () => {
      once();
      Deno.exit(128 + number);
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
