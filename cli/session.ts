/**
 * What a person sees of a job that `submit` started: preloaded into the job's process, it watches
 * every context that the job makes. The library itself prints nothing.
 */
import { SparkContext } from "../runtime/context.ts";
import { attachProgress } from "./progress.ts";
import { attachStageReport } from "./stage_report.ts";

const encoder = new TextEncoder();
const write = (text: string) => void Deno.stderr.writeSync(encoder.encode(text));

SparkContext.onCreate((sc) => {
  sc.events.subscribe((event) => {
    if (event.type === "warning") write(`Warning: ${event.message}\n`);
  });
  if (sc.conf.getBoolean("flint.progress")) {
    attachProgress(sc.events, {
      terminal: Deno.stderr.isTerminal(),
      width: () => Deno.consoleSize().columns,
      write,
      now: Date.now,
    });
  }
  if (sc.conf.getBoolean("flint.verbose")) attachStageReport(sc.events, write);
});
