// GNU coreutils as a contestant of bench/run.ts: each measurement is a whole pipeline of processes.
import { countsDigest, digest, type Given, job, linesOf, serve } from "../contest.ts";

/** What a shell prints that runs `script` where bytes are the order; `$1` is the text. */
async function* printed(script: string, { text }: Given): AsyncGenerator<string> {
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", text!],
    env: { LC_ALL: "C" },
    stdout: "piped",
  }).spawn();
  yield* linesOf(child.stdout);
  const { code } = await child.status;
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
}

const sort = ({ threads, folder }: Given) =>
  `sort --parallel=${threads} --buffer-size=1G --temporary-directory='${folder}'`;

await serve((given) => {
  const counts = `${given.folder}/counts.txt`;
  switch (given.job) {
    case "wordcount":
      return job(
        () =>
          Array.fromAsync(
            printed(`tr / '\\n' <"$1" | ${sort(given)} | uniq -c >'${counts}'`, given),
          ),
        () =>
          countsDigest(
            Deno.readTextFileSync(counts).trimEnd().split("\n").map((line) => {
              const [, count, word] = /^ *(\d+) ([^]*)$/.exec(line)!;
              return [word!, Number(count)] as const;
            }),
          ),
      );
    case "sort":
      return job(
        () => Array.fromAsync(printed(`${sort(given)} "$1" | wc -l`, given)),
        ([count]) => count!,
        () => digest(printed(`${sort(given)} "$1"`, given)),
      );
  }
  throw new Error(`GNU sort has no job ${given.job}`);
});
