/** The line in which a program of chaos says what it has found. */

export type Result = Readonly<{
  figure: number;
  name: string;
  must: string;
  measured: string;
  ok: boolean;
  seed: number;
  seconds: number;
}>;

/** `result | 3 | word_counts | 50 of 50 | 50 of 50 | ok | 7 | 12.3` */
export function printed(result: Result): string {
  const { figure, name, must, measured, ok, seed, seconds } = result;
  const words = [figure, name, must, measured, ok ? "ok" : "NOT OK", seed, seconds.toFixed(1)];
  return ["result", ...words].join(" | ");
}

/** The result in what a program printed; undefined if there is none. */
export function resultOf(text: string): Result | undefined {
  const line = text.split("\n").find((line) => line.startsWith("result | "));
  const [, figure, name, must, measured, verdict, seed, seconds] = line?.split(" | ") ?? [];
  if (!name || !must || measured === undefined || seconds === undefined) return undefined;
  return {
    figure: Number(figure),
    name,
    must,
    measured,
    ok: verdict === "ok",
    seed: Number(seed),
    seconds: Number(seconds),
  };
}
