/** What the engine keeps for a dataset goes when the program can no longer reach it. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type RDD, SparkContext, StorageLevel } from "../../mod.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The data files of map outputs below a folder. */
function outputsIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? outputsIn(`${folder}/${name}`) : name.endsWith(".data") ? [name] : []
  );
}

/** Waits for what the garbage collector has to say; it says it when it likes. */
async function outputsLeft(folder: string, wanted: number): Promise<number> {
  for (let tries = 0; tries < 50 && outputsIn(folder).length !== wanted; tries++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return outputsIn(folder).length;
}

Deno.test("the output of an exchange goes with the last dataset that reaches it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using sc = new SparkContext({ master: "local", conf: { "spark.local.dir": folder } });
    const counted = () =>
      sc.parallelize(["a", "b", "a"], 2).map((word) => [word, 1]).reduceByKey((a, b) => a + b);
    /** Two exchanges, of which the second one reaches the first; the RDDs are nobody's afterwards. */
    const run = async (): Promise<RDD<[string, number]>> => {
      const sorted = counted().sortByKey();
      assert.deepEqual(await sorted.collect(), [["a", 2], ["b", 1]]);
      assert.equal(await counted().count(), 2);
      return sorted.mapValues((n) => n + 1);
    };
    let kept: RDD<[string, number]> | undefined = await run();
    const ofBoth = await outputsLeft(folder, 2 + 2);
    assert.equal(ofBoth, 4, "those of the chain that can be reached stay, the others go");
    assert.deepEqual(await kept.collect(), [["a", 3], ["b", 2]]);
    kept = undefined;
    assert.equal(await outputsLeft(folder, 0), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("it goes also where nothing else has garbage collected", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const conf = { "spark.local.dir": folder, "spark.cleaner.periodicGC.interval": "400ms" };
    await using sc = new SparkContext({ master: "local", conf });
    const run = () => sc.range(10).keyBy((x) => x % 2).groupByKey().count();
    assert.equal(await run(), 2);
    for (let waited = 0; waited < 5000 && outputsIn(folder).length > 0; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(outputsIn(folder), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is kept of a dataset goes with the last one that reaches it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using sc = new SparkContext({ master: "local", conf: { "spark.local.dir": folder } });
    const fill = async (): Promise<RDD<string>> => {
      const numbers = sc.range(0, 4, 1, 2).persist(StorageLevel.DISK_ONLY);
      const texts = numbers.map(String);
      assert.deepEqual(await texts.collect(), ["0", "1", "2", "3"]);
      return texts;
    };
    let above: RDD<string> | undefined = await fill();
    assert.equal(await outputsLeft(folder, 2), 2);
    assert.deepEqual(await above.take(1), ["0"]);
    above = undefined;
    assert.equal(await outputsLeft(folder, 0), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
