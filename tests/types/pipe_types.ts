/** Pipes: which types come out, and what does not compile. */
import type { RDD, SparkContext } from "../../mod.ts";

export function pipes(sc: SparkContext): void {
  const numbers = sc.range(10);
  const lines: RDD<string>[] = [
    numbers.pipe("cat"),
    numbers.pipe(["grep", "x y"] as const, { env: { LANG: "C" }, checkCode: true }),
    numbers.pipe("cat", {}),
    numbers.pipe("cat", { LANG: "C" }, true),
    numbers.pipe("cat", undefined, true),
  ];
  // @ts-expect-error: what comes out is text
  const wrong: RDD<number> = numbers.pipe("cat");
  // @ts-expect-error: a command is a text or several
  numbers.pipe(7);
  // @ts-expect-error: variables are texts
  numbers.pipe("cat", { env: { LANG: 1 } });
  // @ts-expect-error: yes or no
  numbers.pipe("cat", {}, "yes");
  void [lines, wrong];
}
