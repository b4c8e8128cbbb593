/**
 * What the suites of `deno task bench` share: how large they are, and how often they run.
 *
 *     FLINT_BENCH_MEGABYTES=100 deno task bench        20 without it
 *     FLINT_BENCH_ONCE=1 deno task bench               each once: to see that it works
 */
import { pathsFile } from "./data.ts";

/** The text of the suites. */
export const MEGABYTES = Number(Deno.env.get("FLINT_BENCH_MEGABYTES") ?? 20);

const often = Deno.env.get("FLINT_BENCH_ONCE") === undefined ? {} : { n: 1, warmup: 0 };

/** A benchmark of what `measured` does; what it returns is kept from being optimised away. */
export function bench<T>(group: string, name: string, measured: () => T | Promise<T>): void {
  Deno.bench({
    ...often,
    name,
    group,
    async fn() {
      sink = await measured();
    },
  });
}

/** A benchmark of work that awaits nothing: an await would cost more than some of it does. */
export function benchNow<T>(group: string, name: string, measured: () => T): void {
  Deno.bench({
    ...often,
    name,
    group,
    fn() {
      sink = measured();
    },
  });
}

/** The results of benchmarks go here, where V8 cannot prove that nobody reads them. */
export let sink: unknown;

/** The path of the text. */
export function textPath(): string {
  return pathsFile(MEGABYTES);
}

/** About so many lines of the text, by 94 bytes each. */
export function lines(count: number): string[] {
  const found = Deno.readTextFileSync(pathsFile(1)).split("\n").slice(0, -1);
  return Array.from({ length: count }, (_, i) => found[i % found.length]!);
}

/** The words of so many lines. */
export function words(lineCount: number): string[] {
  return lines(lineCount).flatMap((line) => line.split("/"));
}
