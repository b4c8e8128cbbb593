/** What bench/run.ts has measured, as JSON lines: how it is kept, read again and summed up. */

/** Where, when and of what size everything of a file was measured. */
export type Setting = Readonly<{
  kind: "setting";
  date: string;
  machine: string;
  command: string;
  megabytes: number;
  rounds: number;
  threads: number;
  scale: number;
  tasks: number;
}>;

/** Who took part. */
export type TookPart = Readonly<{ kind: "contestant"; contestant: string; version: string }>;

/** Who did not, or did not do a job, and why. */
export type Absent = Readonly<{
  kind: "absent";
  contestant: string;
  job?: string;
  reason: string;
}>;

/** One measurement. Figures of the same job and round were taken right after one another. */
export type Figure = Readonly<{
  kind: "figure";
  job: string;
  contestant: string;
  /** "cold": from the start of the process to the first answer. "warm": the job alone. */
  phase: "cold" | "warm";
  /** From 1 on. */
  round: number;
  seconds: number;
  /** See bench/contestant_process.ts. */
  rssBytes: number;
  bytesSpilled?: number | undefined;
  executorBytes?: number | undefined;
}>;

export type Line = Setting | TookPart | Absent | Figure;

export function readLines(path: string): Line[] {
  return Deno.readTextFileSync(path).trim().split("\n").map((line) => JSON.parse(line));
}

export const isFigure = (line: Line): line is Figure => line.kind === "figure";

/** The one in the middle, or what lies between the two there; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Figures by job, phase and contestant, in the order of their rounds. */
export class Figures {
  readonly #lists: ReadonlyMap<string, readonly Figure[]>;

  constructor(lines: readonly Line[]) {
    const sorted = lines.filter(isFigure).toSorted((a, b) => a.round - b.round);
    this.#lists = Map.groupBy(sorted, (f) => keyOf(f.job, f.phase, f.contestant));
  }

  of(job: string, phase: Figure["phase"], contestant: string): readonly Figure[] {
    return this.#lists.get(keyOf(job, phase, contestant)) ?? [];
  }

  /** The median; NaN where there is none. */
  seconds(job: string, phase: Figure["phase"], contestant: string): number {
    return median(this.of(job, phase, contestant).map(({ seconds }) => seconds));
  }

  /** How many times as long `contestant` took as `other`, round by round. */
  ratios(job: string, phase: Figure["phase"], contestant: string, other: string): number[] {
    const others = new Map(this.of(job, phase, other).map((f) => [f.round, f.seconds]));
    return this.of(job, phase, contestant)
      .filter(({ round }) => others.has(round))
      .map(({ round, seconds }) => seconds / others.get(round)!);
  }
}

function keyOf(job: string, phase: string, contestant: string): string {
  return `${job} ${phase} ${contestant}`;
}
