// `deno task bench`: merging sorted runs from disk: few and many, lines and numbers.
import { compareBytes, encodeKey } from "../core/key.ts";
import { Merge } from "../shuffle/merge.ts";
import { type Run, RunWriter } from "../shuffle/run.ts";
import { denoPlatform as platform } from "../workers/platform_deno.ts";
import { assertSorted, drained } from "./sorted_keys.ts";
import { benchNow, lines } from "./suite.ts";

const RECORDS = 100_000;
const folder = Deno.makeTempDirSync({ prefix: "flint-bench-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const keys: Readonly<Record<string, readonly Uint8Array[]>> = {
  lines: lines(RECORDS).map(encodeKey),
  numbers: Array.from({ length: RECORDS }, (_, i) => encodeKey(i * 48_271 % 2_147_483_647)),
};

/** The keys dealt out to so many runs of one file, each sorted. */
function runsOf(name: string, count: number): Run[] {
  using file = platform.files.create(`${folder}/${name}-${count}`);
  return Array.from({ length: count }, (_, run) => {
    const writer = new RunWriter(platform, file, { blockBytes: 64 << 10 });
    const own = keys[name]!.filter((_, i) => i % count === run)
      .toSorted((a, b) => compareBytes(a, 0, a.length, b, 0, b.length));
    for (const key of own) writer.write(key, 0, key.length, 0, 0);
    return writer.finish();
  });
}

for (const name of Object.keys(keys)) {
  for (const count of [7, 200]) {
    const runs = runsOf(name, count);
    const memory = new Uint8Array(Merge.bytesFor(runs));
    assertSorted(new Merge(platform, runs, {}, memory), RECORDS);
    benchNow(
      "merge 100,000 keys",
      `${name}, ${count} runs`,
      () => drained(new Merge(platform, runs, {}, memory)),
    );
  }
}
