/**
 * How a contestant of bench/run.ts is asked, whatever it is written in:
 *
 *     stdin    job=sort ⇥ text=/tmp/paths.txt …      which job, and its sizes; once
 *              run                                   the job, by the clock
 *              check                                 the same, looked at closely; not by the clock
 *     stdout   answer {"seconds":0.83,"answer":"2225600"}      a line for each of these words
 *
 * All other lines are noise. The answers of all contestants have to be the same, letter for letter.
 */

/** A job and its sizes, by name. */
export type Given = Readonly<Record<string, string>>;

/** What a contestant says of a job that it has done. */
export type Answer = Readonly<{
  seconds: number;
  answer: string;
  /** What the executors have written because it did not fit; only Flint says so. */
  bytesSpilled?: number | undefined;
  /** The most memory that one executor has had; only Flint says so. */
  executorBytes?: number | undefined;
}>;

/** `measured` gives seconds and answer, `checked` an answer that says more of the same work. */
export type Job = Readonly<{
  measured(): Promise<readonly [seconds: number, answer: string]>;
  checked(): Promise<string>;
}>;

/** A job whose result is made within the clock and read outside of it. */
export function job<T>(
  work: () => Promise<T>,
  read: (result: T) => string | Promise<string>,
  check?: () => Promise<string>,
): Job {
  return {
    async measured() {
      const startMs = performance.now();
      const result = await work();
      const seconds = (performance.now() - startMs) / 1000;
      return [seconds, await read(result)];
    },
    checked: check ?? (async () => await read(await work())),
  };
}

/** The lines of a stream; what follows the last line feed is none. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Does what stdin asks for until it ends. `more` adds to each answer. */
export async function serve(
  start: (given: Given) => Job | Promise<Job>,
  more: () => Partial<Answer> = () => ({}),
): Promise<void> {
  const words = linesOf(Deno.stdin.readable);
  const { value: sizes = "" } = await words.next();
  const { measured, checked } = await start(
    Object.fromEntries(sizes.split("\t").map((pair) => pair.split("=", 2))),
  );
  for await (const word of words) {
    const [seconds, answer] = word === "check" ? [0, await checked()] : await measured();
    console.log(`answer ${JSON.stringify({ seconds, answer, ...more() } satisfies Answer)}`);
  }
}

/** A node module on the start path would be measured as the cold start of Flint. */
const checksum = async () => (await import("node:zlib")).crc32;

/** Number of lines, and checksum of all of them with a line feed after each. */
export async function digest(lines: AsyncIterable<string | number>): Promise<string> {
  const crc32 = await checksum();
  let [count, crc] = [0, 0];
  for await (const line of lines) {
    crc = crc32(`${line}\n`, crc);
    count++;
  }
  return `${count} ${crc}`;
}

/** Number of words, their sum, and a sum in which each word weighs differently. */
export async function countsDigest(
  counts: Iterable<readonly [word: string, count: number]>,
): Promise<string> {
  const crc32 = await checksum();
  let [words, total, weighed] = [0, 0, 0];
  for (const [word, count] of counts) {
    words++;
    total += count;
    weighed += count * (crc32(word) & 0xffff);
  }
  return `${words} ${total} ${weighed}`;
}
