// A driver that says on stdout which part of its life it is in, to be killed there.
//
//   deno run -A dying_driver.ts PHASE OUT MARK     MARK: a word that its pipe's programs are known by
//
// It is started without `submit`, which would load the platform before this module can hold up the
// commit.
export {};

type Phase =
  | "starting"
  | "planning"
  | "mapping"
  | "shuffling"
  | "committing"
  | "idle"
  | "full heap";

const [phase, out, mark] = Deno.args as [Phase, string, string];

function say(what: Phase): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${what}\n`));
}

say("starting");

// Half of the parts are in their places when it stands still.
const rename = Deno.renameSync;
let parts = 0;
Deno.renameSync = (from, to) => {
  if (String(to).includes("/part-") && ++parts === 3 && phase === "committing") {
    say("committing");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  }
  rename(from, to);
};

const { SparkContext } = await import("../../../mod.ts");
const sc = new SparkContext({ master: "local[2]", name: `dies ${phase}` });
const slow = phase === "shuffling";
let stages = 0;
sc.events.subscribe((event) => {
  if (event.type === "stage.started") stages++;
  if (event.type !== "task.started") return;
  if (stages === 1) say("mapping");
  else if (phase === "shuffling") say("shuffling");
});

// The program outlives its input where the job is to die while it runs.
const last = phase === "mapping" ? "sleep 600" : "true";
say("planning");
const counts = sc.parallelize(Array.from({ length: 40_000 }, (_, i) => `word ${i % 999}`), 8)
  .pipe(["sh", "-c", `cat; ${last}; : ${mark}`])
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b, 6)
  .map(([word, count]) => {
    const end = performance.now() + (slow ? 3 : 0);
    while (performance.now() < end);
    return `${word} ${count}`;
  })
  .persist();
await counts.saveAsTextFile(out);
say("idle");
if (phase === "full heap") {
  const held: number[][] = [];
  for (;;) held.push(Array.from({ length: 100_000 }, (_, i) => i + held.length));
}
setTimeout(() => sc.stop(), 60_000);
