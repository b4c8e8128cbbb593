/**
 * What a person sees of a job that `submit` started: preloaded into the job's process, it watches
 * every context that the job makes. The library itself prints nothing.
 */
import { SparkContext } from "../runtime/context.ts";
import { attachProgress } from "./progress.ts";
import { attachStageReport } from "./stage_report.ts";

const LAUNCHER_CHECK_MS = 1_000;

const encoder = new TextEncoder();
const write = (text: string) => void Deno.stderr.writeSync(encoder.encode(text));

endWithLauncher();

SparkContext.onCreate((sc) => {
  sc.events.subscribe((event) => {
    if (event.type === "warning") write(`Warning: ${event.message}\n`);
  });
  if (sc.conf.getBoolean("flint.progress")) {
    const progress = attachProgress(sc.events, {
      terminal: Deno.stderr.isTerminal(),
      width: () => Deno.consoleSize().columns,
      write,
      now: Date.now,
    });
    // The line is clear for whoever writes next, also after Ctrl-C.
    addEventListener("unload", () => progress[Symbol.dispose]());
  }
  if (sc.conf.getBoolean("flint.verbose")) attachStageReport(sc.events, write);
});

/** The launcher hands on every signal but the one that it cannot hear: killed, it leaves us alone. */
function endWithLauncher(): void {
  const launcher = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid !== launcher) Deno.kill(Deno.pid, "SIGTERM");
  }, LAUNCHER_CHECK_MS);
  Deno.unrefTimer(timer);
}
