/** Tables of what people and files do to Flint, a row each, and what every row has to keep to. */
import { test } from "./shared_context.ts";

/** Longer than any row takes, by far: what takes longer hangs. */
const HANGS_AFTER_MS = 120_000;

export type Table = Readonly<{
  /** As it is counted at the end: `3A: 27 of 27`. */
  name: string;
  /** What is tried, by its name; throws where it does not end as it has to. */
  rows: Readonly<Record<string, () => Promise<void>>>;
  /** Told of the row that begins. */
  begin?: (row: string) => void;
  /** Throws where the next job on the same context is wrong. */
  nextJob: () => Promise<void>;
  /** When a row counts as hanging; two minutes by default. */
  hangsAfterMs?: number;
}>;

/** Makes a test of each row: it ends as it has to and in time, and the job after it is right. */
export function testRows({ name, rows, begin, nextJob, hangsAfterMs }: Table): void {
  let passed = 0;
  for (const [row, body] of Object.entries(rows)) {
    test(row, async () => {
      begin?.(row);
      const { promise: hung, reject } = Promise.withResolvers<never>();
      const hang = () => reject(new Error("it hangs"));
      const timer = setTimeout(hang, hangsAfterMs ?? HANGS_AFTER_MS);
      try {
        await Promise.race([body().then(nextJob), hung]);
      } finally {
        clearTimeout(timer);
      }
      passed++;
    });
  }
  Deno.test.afterAll(() => console.log(`${name}: ${passed} of ${Object.keys(rows).length}`));
}
