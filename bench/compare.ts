/**
 * Holds what bench/run.ts has measured against a baseline:
 *
 *     deno task bench:compare baseline.jsonl measured.jsonl [--contestant flint] [--beside pyspark]
 *
 * The noise is measured, not assumed: a job has changed only where all its rounds lie on one side of
 * all rounds of the baseline. A machine has moods that last longer than that. Where both files have
 * the peer of `--beside`, a round counts as a multiple of the peer's time in the same round, which
 * takes the mood out, and other machines' baselines in. Exits with 1 where a job has become slower.
 */
import { parseArgs } from "node:util";
import { JOBS } from "./jobs.ts";
import { Figures, median, readLines } from "./measured.ts";

/** How a job stands beside its baseline. */
export type Comparison = Readonly<{
  job: string;
  /** What the times were divided by: a peer's of the same round, or by nothing. */
  beside: string | undefined;
  /** The median, by that of the baseline: 1.1 is a tenth slower. */
  change: number;
  /** How far apart the rounds are, by their median: of the baseline, and of the new figures. */
  noise: readonly [baseline: number, measured: number];
  verdict: "faster" | "slower" | "within the noise";
}>;

/** Each job that `contestant` did in both, in the order of bench/jobs.ts. */
export function compared(
  baseline: Figures,
  measured: Figures,
  contestant: string,
  peer: string,
): Comparison[] {
  return Object.entries(JOBS).flatMap(([job, { kind }]) => {
    const both = [baseline, measured];
    const hasPeer = both.every((figures) => figures.of(job, kind, peer).length > 0);
    const [before = [], after = []] = both.map((figures) =>
      hasPeer
        ? figures.ratios(job, kind, contestant, peer)
        : figures.of(job, kind, contestant).map(({ seconds }) => seconds)
    );
    if (before.length === 0 || after.length === 0) return [];
    const change = median(after) / median(before);
    const beside = hasPeer ? peer : undefined;
    const noise = [spread(before), spread(after)] as const;
    return [{ job, beside, change, noise, verdict: verdictOf(before, after) }];
  });
}

function verdictOf(before: readonly number[], after: readonly number[]): Comparison["verdict"] {
  if (Math.min(...after) > Math.max(...before)) return "slower";
  if (Math.max(...after) < Math.min(...before)) return "faster";
  return "within the noise";
}

function spread(numbers: readonly number[]): number {
  return (Math.max(...numbers) - Math.min(...numbers)) / median(numbers);
}

function shown({ job, beside, change, noise, verdict }: Comparison): string {
  const [before, after] = noise.map((part) => `${(part * 100).toFixed(0)} %`);
  const unit = beside === undefined ? "in seconds" : `beside ${beside}`;
  return `${job.padEnd(18)} ${
    change.toFixed(2)
  }× ${unit}, noise ${before} and ${after}: ${verdict}`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      contestant: { type: "string", default: "flint" },
      beside: { type: "string", default: "pyspark" },
    },
    allowPositionals: true,
  });
  const [baseline, measured] = positionals;
  if (baseline === undefined || measured === undefined) {
    console.error("Name two files of bench/run.ts: compare.ts baseline.jsonl measured.jsonl");
    Deno.exit(2);
  }
  const figures = [baseline, measured].map((path) => new Figures(readLines(path)));
  const rows = compared(figures[0]!, figures[1]!, values.contestant, values.beside);
  for (const row of rows) console.log(shown(row));
  if (rows.length === 0) console.log("The files have no job in common");
  if (rows.some(({ verdict }) => verdict === "slower")) Deno.exitCode = 1;
}
