/**
 * What a worker has read of the map outputs of a stage: where partitions begin, which runs there are.
 *
 * Each reduce task needs the index of each map output, which does not change as long as nobody says
 * that the outputs lie elsewhere; so the tasks of a stage share what they have parsed, up to a number
 * of bytes. What does not fit is read anew each time:
 * tasks go through the outputs in the same order, so letting go of the oldest would let go of just
 * what the next task begins with.
 */
import { type KeyRange, type Run, withinRange } from "./run.ts";

/** The index of an output: where its partitions begin and end in its data. */
export type OutputIndex = Readonly<{ dataBytes: number; offsets: Float64Array }>;

/** About what an entry takes beside its contents, and a run beside the bytes of its index. */
const ENTRY_BYTES = 200;
const RUN_BYTES = 800;

/** Indexes and runs by the path of their data file. */
export class OutputIndexes {
  readonly #bytesMax: number;
  readonly #indexes = new Map<string, OutputIndex>();
  readonly #runs = new Map<string, readonly Run[]>();
  #bytes = 0;

  /** Keeps about `bytesMax` bytes at most. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The index of an output, by `read` if it is not known. */
  index(path: string, read: () => OutputIndex): OutputIndex {
    return this.#known(this.#indexes, path, read, ({ offsets }) => offsets.byteLength);
  }

  /**
   * The runs of an output that hold keys of a range, by `read`, which gives them to keep, if they are
   * not known. Where they are not kept, their indexes tell no more than that range.
   */
  runs(path: string, range: KeyRange, read: () => readonly Run[]): readonly Run[] {
    const runs = this.#known(this.#runs, path, read, bytesOfRuns);
    if (this.#runs.has(path)) return runs;
    const some = withinRange(runs, range);
    for (const { blocks } of runs) blocks.memory.free();
    return some;
  }

  #known<T>(kept: Map<string, T>, path: string, read: () => T, bytesOf: (found: T) => number): T {
    const known = kept.get(path);
    if (known !== undefined) return known;
    const found = read();
    const bytes = bytesOf(found) + ENTRY_BYTES + 2 * path.length;
    if (this.#bytes + bytes <= this.#bytesMax) {
      kept.set(path, found);
      this.#bytes += bytes;
    }
    return found;
  }
}

function bytesOfRuns(runs: readonly Run[]): number {
  let bytes = 0;
  for (const { blocks } of runs) {
    bytes += RUN_BYTES + blocks.encoded.length + 4 * blocks.length;
  }
  return bytes;
}
