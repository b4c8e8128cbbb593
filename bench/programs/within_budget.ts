/**
 * What holds a side of its input, within the budget of a worker:
 *
 *     deno run -A bench/programs/within_budget.ts [rows] [budget]        1000000 16m
 *
 * A join of a key with all rows against ten, every row with a hundred others, and rows zipped with
 * rows. For each it prints the rows of the result, the seconds, the most memory that a task had
 * reserved at once beside what it may, what was spilled, and the largest executor (VmHWM of Linux).
 */
import { type SparkContext, SparkContext as Context } from "@flint/flint";
import { largestChildBytes } from "./largest_child.ts";

/** A program over so many rows: what it counted, and what is right. */
export type Shape = (sc: SparkContext, rows: number) => Promise<readonly [number, number]>;

const PARTITIONS = 4;
const text = (n: number) => `row ${n} with some text behind it`;

export const SHAPES: Readonly<Record<string, Shape>> = {
  async "join of a skewed key"(sc, rows) {
    const hot = sc.range(0, rows, 1, PARTITIONS).map((n) => ["hot", text(n)]);
    const cold = sc.range(0, 1000, 1, PARTITIONS).map((n) => [`cold ${n}`, text(n)]);
    const others = sc.range(0, 10, 1, 2).map((n) => ["hot", n]);
    const joined = hot.union(cold).join(others, PARTITIONS);
    return [await joined.map(([, [, n]]) => n).sum(), rows * 45];
  },
  async "cartesian"(sc, rows) {
    const left = sc.range(0, rows, 1, PARTITIONS).keyBy(text).partitionBy(PARTITIONS);
    const right = sc.range(0, 100, 1, 2).keyBy(text).partitionBy(2);
    const sums = left.cartesian(right).map(([[, a], [, b]]) => a >= 0 && b >= 0 ? 1 : 0);
    return [await sums.sum(), rows * 100];
  },
  async "zip"(sc, rows) {
    const keyed = sc.range(0, rows, 1, PARTITIONS).keyBy(text).partitionBy(PARTITIONS);
    const zipped = keyed.keys().zip(keyed.values());
    const right = zipped.filter(([line, n]) => line.startsWith(`row ${n} `));
    return [await right.count(), rows];
  },
};

if (import.meta.main) {
  const rows = Number(Deno.args[0] ?? 1_000_000);
  const budget = Deno.args[1] ?? "16m";
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
  for (const [name, shape] of Object.entries(SHAPES)) {
    await using sc = new Context({ master: "local[2]", conf: { "flint.worker.memory": budget } });
    let [reserved, spilled] = [0, 0];
    sc.events.subscribe((event) => {
      if (event.type !== "task.ended") return;
      reserved = Math.max(reserved, event.metrics.memoryBytesMax);
      spilled += event.metrics.bytesSpilled;
    });
    const startedMs = performance.now();
    const [found, expected] = await shape(sc, rows);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(
      `${name}: ${
        found === expected ? "right" : `WRONG, ${found} for ${expected}`
      }, ${seconds} s, ` +
        `reserved ${megabytes(reserved)} of ${budget}, spilled ${megabytes(spilled)}, ` +
        `largest executor ${megabytes(largestChildBytes())}`,
    );
    if (found !== expected) Deno.exitCode = 1;
  }
}
