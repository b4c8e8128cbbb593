/**
 * The job runner: `deno run -A submit.ts [options] job.ts [options] [-- job arguments]`.
 *
 * It has no static imports, so that a Deno that is too old hears of it in one line and not in a
 * parser's words. What it does is in cli/submit.ts.
 */
const oldest = [2, 9];
const [major = NaN, minor = NaN] = Deno.version.deno.split(".").map(Number);
// Said this way round, a version that is none is refused too.
if (!(major > oldest[0]! || (major === oldest[0] && minor >= oldest[1]!))) {
  console.error(
    `Flint needs Deno ${oldest.join(".")} or newer, and this is ${Deno.version.deno}: ` +
      "run `deno upgrade`, or `npx -y deno@2.9.6 run -A submit.ts …`",
  );
  Deno.exit(2);
}
const { submit } = await import("./cli/submit.ts");
Deno.exit(await submit(Deno.args));
