// One of two processes that save to the same folders at the same moments, and says which it has won.
//
//   deno run -A two_savers.ts FOLDER ROUNDS ME OTHER FORMAT
import { existsSync, writeFileSync } from "node:fs";
import { OutputError, SparkContext } from "../../../mod.ts";

const [folder, rounds, me, other, format] = Deno.args as [string, string, string, string, string];

await using sc = new SparkContext({ master: "local[1]" });
for (let round = 0; round < Number(rounds); round++) {
  const lines = sc.range(0, 100, 1, 2).map((n) => `${me} ${n}`);
  writeFileSync(`${folder}/${round}-${me}`, "");
  while (!existsSync(`${folder}/${round}-${other}`));
  const out = `${folder}/out-${round}`;
  try {
    await (format === "text" ? lines.saveAsTextFile(out) : lines.saveAsObjectFile(out));
    console.log(`${round} ${me} won`);
  } catch (error) {
    if (!(error instanceof OutputError && error.code === "OutputExists")) throw error;
    console.log(`${round} ${me} refused`);
  }
}
