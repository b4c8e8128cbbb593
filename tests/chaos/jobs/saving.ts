// Saves lines, and kills itself at one of the driver's acts on the output.
//
//   deno run -A saving.ts OUT FORMAT DIE_AT       DIE_AT: the number of the act, from 1; 0: none
//
// It is started without `submit`, which would load the platform before its acts can be counted here.
const [out, format, dieAt] = Deno.args as [string, "text" | "object", string];

let acts = 0;
function counted<A extends unknown[], R>(act: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    if (String(args[0]).startsWith(out) && ++acts === Number(dieAt)) {
      Deno.kill(Deno.pid, "SIGKILL");
    }
    return act(...args);
  };
}
for (const name of ["mkdirSync", "renameSync", "removeSync", "openSync", "open"] as const) {
  Object.assign(Deno, { [name]: counted(Deno[name] as (...args: unknown[]) => unknown) });
}

const { SparkContext } = await import("../../../mod.ts");
await using sc = new SparkContext({ master: "local[2]" });
sc.events.subscribe((event) => {
  if (event.type === "task.started") console.log("task.started");
});
const lines = sc.range(0, 3_000, 1, 3).map((n) => {
  for (const end = performance.now() + 0.05; performance.now() < end;);
  return `line ${n}`;
});
if (format === "text") await lines.saveAsTextFile(out);
else await lines.saveAsObjectFile(out);
console.log(`${acts} acts`);
