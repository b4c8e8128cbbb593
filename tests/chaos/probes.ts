/**
 * Figure 14: what user code may do in a task, act by act, in the sandbox that real tasks have.
 *
 *     probe_table.ts ─► one job an act ─► denied, allowed or ends ─► as the table says?
 *                    ─► one grant, three jobs ─► allowed with it, no more than it, not without it?
 *
 * A difference means that this Deno, or a change of ours, allows or refuses something else than was
 * known: the table is then to be thought about, and not only to be changed.
 */
import assert from "node:assert/strict";
import { SparkContext, type TaskPermissions } from "../../mod.ts";
import { chaos, type Measured, type Setup } from "./chaos.ts";
import { type Grant, GRANTS, type Outcome, type Place, type Probe, PROBES } from "./probe_table.ts";

const PROBES_COUNT = 42;

await chaos({
  figure: 14,
  name: "probes",
  must: `${PROBES_COUNT} of ${PROBES_COUNT} probes end as the table says`,
  limitSeconds: { short: 120, long: 120 },
  run,
});

async function run({ planted, shop }: Setup): Promise<Measured> {
  assert.equal(PROBES.length, PROBES_COUNT);
  const elsewhere = `${shop.temp}/elsewhere`;
  Deno.mkdirSync(elsewhere);
  for (const name of ["secret", "secret.js", "secret.json", "a.node"]) {
    Deno.writeTextFileSync(`${elsewhere}/${name}`, "1");
  }
  const before = files(elsewhere);
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const wrong: string[] = [];
  const conf = { "spark.local.dir": shop.temp };
  await using sc = new SparkContext({ master: "local[1,1]", conf });
  for (const [index, [what, end, act]] of PROBES.entries()) {
    const place = await prepare(sc, shop.temp, elsewhere, listener.addr.port);
    const outcome = await outcomeOf(sc, place, act);
    const wanted: Outcome = planted && index === 0 ? "allowed" : end;
    if (outcome !== wanted) wrong.push(`${what}: ${outcome} instead of ${wanted}`);
  }
  const right = PROBES_COUNT - wrong.length;
  const place = await prepare(sc, shop.temp, elsewhere, listener.addr.port);
  const misgranted = (await Promise.all(GRANTS.map((grant) => flawsOf(sc, place, grant)))).flat();
  assert.deepEqual(files(elsewhere), before, "what lies elsewhere is as it was");
  Deno.removeSync(elsewhere, { recursive: true });
  const measured = [
    `${right} of ${PROBES_COUNT}`,
    ...wrong,
    `${GRANTS.length} grants, ${misgranted.length} of them wrong`,
    ...misgranted,
  ].join("; ");
  return { measured, ok: wrong.length + misgranted.length === 0 };
}

/** A grant opens what it names, for its stage alone, and nothing else. */
async function flawsOf(
  sc: SparkContext,
  place: Place,
  [what, permissions, granted, beyond]: Grant,
): Promise<string[]> {
  const outcomes = {
    granted: await outcomeOf(sc, place, granted, permissions(place)),
    beyond: await outcomeOf(sc, place, beyond, permissions(place)),
    "not granted": await outcomeOf(sc, place, granted),
  };
  const found = Object.values(outcomes).join();
  return found === "allowed,denied,denied" ? [] : [`${what}: ${JSON.stringify(outcomes)}`];
}

/** The folders of the executor that runs the next task. */
async function prepare(
  sc: SparkContext,
  temp: string,
  elsewhere: string,
  port: number,
): Promise<Place> {
  await sc.parallelize([1], 1).count();
  const name = [...Deno.readDirSync(temp)].find(({ name }) => name !== "elsewhere")!.name;
  const application = `${temp}/${name}`;
  const owners = [...Deno.readDirSync(application)].map(({ name }) =>
    /^executor-(\d+)-0-/.exec(name)?.[1] ?? -1
  );
  const own = `${application}/executor-${Math.max(...owners.map(Number))}-0-disk-0`;
  const others = `${application}/executor-0-99-disk-0`;
  const link = `${own}/link`;
  if (!exists(link)) Deno.symlinkSync(`${elsewhere}/secret`, link);
  if (!exists(others)) Deno.mkdirSync(others);
  return { application, own, others, elsewhere, link, port, pid: Deno.pid };
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** How an act ends in a task; what is neither allowed nor denied is told as it is. */
async function outcomeOf(
  sc: SparkContext,
  place: Place,
  act: Probe[2],
  permissions: TaskPermissions = {},
): Promise<string> {
  try {
    await sc.parallelize([place], 1).mapAsync(async (place) => {
      await act(place);
      return 0;
    }).withPermissions(permissions).collect();
    return "allowed";
  } catch (error) {
    assert(error instanceof Error);
    const { code } = error as { code?: string };
    if (code === "PermissionDenied") return "denied";
    if (code === "ExecutorLost") return "ends";
    return `${error}`.replaceAll(/[|\s]+/g, " ").slice(0, 200);
  }
}

/** What lies in a folder, with its text. */
function files(folder: string): Record<string, string> {
  return Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => name).sort()
      .map((name) => [name, Deno.readTextFileSync(`${folder}/${name}`)]),
  );
}
