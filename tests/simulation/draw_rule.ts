/**
 * What tasks drew at random comes out otherwise when it is made again; whoever is given results must
 * be given those of one draw.
 *
 *     job ── delivered values ── read ──► files of exchanges ── read ──► …      as of its submission
 *                                         no output of an exchange that draws is there in two versions
 *
 * What was made before the job was submitted is not looked into: between two jobs outputs may be let
 * go, and persisted partitions lost, and both are drawn anew.
 */
import type { ExchangeId, ExchangeLocation, Flow, JobId, KeptId, Stage } from "../../core/task.ts";
import { keptIn, walk } from "./kept_books.ts";

/** An output of an exchange that draws, by exchange and map partition; or something made of such. */
type Made = Readonly<{ place: string | undefined; reads: ReadonlySet<string>; atMs: number }>;

export class DrawRule {
  readonly #made = new Map<string, Made>();
  readonly #submitted = new Map<JobId, number>();
  readonly #delivered = new Map<JobId, Set<string>>();

  submitted(job: JobId, atMs: number): void {
    this.#submitted.set(job, atMs);
    this.#delivered.set(job, new Set());
  }

  /** A task wrote an output, or kept a partition. `place`: of an output that was drawn. */
  made(name: string, made: Made): void {
    this.#made.set(name, made);
  }

  delivered(job: JobId, reads: ReadonlySet<string>): void {
    for (const name of reads) this.#delivered.get(job)!.add(name);
  }

  /** The job has succeeded. */
  check(job: JobId): void {
    const found = new Map<string, string>();
    const met = new Set(this.#delivered.get(job)!);
    // A Set is walked in the order of insertion, also through what is added meanwhile.
    for (const name of met) {
      const { place, reads, atMs } = this.#made.get(name)!;
      const other = place === undefined ? name : found.get(place) ?? name;
      if (other !== name) throw new Error(`job ${job} was given parts of ${other} and of ${name}`);
      if (place !== undefined) found.set(place, name);
      if (atMs > this.#submitted.get(job)!) { for (const below of reads) met.add(below); }
    }
  }
}

/** What a flow reads: files of exchanges, and what is kept, by the names that `keptAs` gives. */
export function readsOf(
  stage: Stage,
  flow: Flow,
  locations: readonly ExchangeLocation[],
  keptAs: (id: KeptId) => string | undefined,
): Set<string> {
  const reads = new Set<string>();
  const isMade = (at: Flow) => {
    const id = keptIn(stage, at);
    const name = id && keptAs(id);
    if (name !== undefined) reads.add(name);
    return name === undefined;
  };
  for (const at of walk(flow, isMade)) {
    const input = at.kind === "read" ? stage.inputs[at.input]! : undefined;
    if (input?.kind !== "exchange") continue;
    for (const { file } of outputsOf(locations, input.id)) reads.add(file);
  }
  return reads;
}

function outputsOf(locations: readonly ExchangeLocation[], exchange: ExchangeId) {
  return locations.find(({ id }) => id === exchange)!.outputs;
}
