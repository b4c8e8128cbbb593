/**
 * Jobs on executors, whose files are damaged between two actions or by a task in its own spills; each
 * result is compared with that of a loop over the same numbers.
 *
 *     action ─► files on disk ─► one of them is damaged ─► the same action: exact? the damage gone?
 *     a task spills ─► damages what it has spilled ─► reads it: its next attempt gives the result
 *
 * On `local[2]` user code is tried once: what is wrong with a file must not count as its failure.
 */
import { isDeepStrictEqual } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { SparkContext, StorageLevel, TaskContext, type Values } from "../../mod.ts";
import type { Workshop } from "../acceptance/launch.ts";
import type { Random } from "../simulation/random.ts";

export type DamagedJobs = Readonly<{ faults: number; exact: number }>;

/** A job that is run again and again. */
type Job = Readonly<{ run: () => Promise<unknown>; expected: unknown }>;

/** What is done to a file: `place` says where, between 0 and 1. */
type Fault = Readonly<{ kind: "flip" | "cut" | "swap" | "other"; place: number; mask: number }>;

const NUMBERS = 2_000;
const KEYS = 97;
/** Of the keys of a spilling job: their table does not fit into 1 MB. */
const KEYS_MANY = 30_000;
const GONE_MS_MAX = 10_000;

/** Runs jobs with `faults` faults. */
export async function damagedJobs(
  shop: Workshop,
  random: Random,
  faults: number,
): Promise<DamagedJobs> {
  const conf = {
    "spark.local.dir": shop.temp,
    "flint.worker.memory": "1m",
    "flint.allow.read": shop.temp,
  };
  await using sc = new SparkContext({ master: "local[2]", conf });
  const jobs = jobsOf(sc);
  const prefixes: string[] = [];
  for (const { run } of jobs) {
    const before = new Set(filesBelow(shop.temp).map(prefixOf));
    await run();
    prefixes.push(filesBelow(shop.temp).map(prefixOf).find((prefix) => !before.has(prefix))!);
  }
  let exact = 0;
  for (let i = 0; i < faults; i++) {
    const fault: Fault = {
      kind: random.pick(["flip", "flip", "cut", "swap", "other"]),
      place: random.next(),
      mask: random.pick([0x01, 0x80, 0xff]),
    };
    const isExact = i % 5 === 4
      ? await spillDamaged(sc, shop.temp, fault, random.chance(0.5))
      : await fileDamaged(jobs[i % jobs.length]!, prefixes[i % jobs.length]!, {
        temp: shop.temp,
        fault,
        random,
      });
    if (isExact) exact++;
    else console.error(`fault ${i} of the jobs: not exact`);
  }
  return { faults, exact };
}

function jobsOf(sc: SparkContext): Job[] {
  const numbers = Array.from({ length: NUMBERS }, (_, i) => i);
  const keyed = () => sc.parallelize(numbers, 3).map((n) => [`key ${n * 7919 % 97}`, n] as const);
  const lists = new Map<string, number[]>();
  for (const n of numbers) {
    const key = `key ${n * 7919 % KEYS}`;
    lists.set(key, [...lists.get(key) ?? [], n]);
  }
  const sorted = [...lists].sort(([a], [b]) => a < b ? -1 : 1);
  const byKey = (pairs: readonly (readonly [string, unknown])[]) =>
    [...pairs].sort(([a], [b]) => a < b ? -1 : 1);
  const counted = keyed().mapValues(() => 1).reduceByKey((a, b) => a + b, 2);
  const ordered = keyed().sortByKey({ partitions: 2 });
  const grouped = keyed().groupByKey(2).mapValues((values) => values.toArray());
  const cached = keyed().map(([, n]) => n * 2).persist(StorageLevel.DISK_ONLY);
  return [
    {
      run: async () => byKey(await counted.collect()),
      expected: sorted.map(([key, list]) => [key, list.length]),
    },
    {
      run: async () => await ordered.collect(),
      expected: sorted.flatMap(([key, list]) => list.map((n) => [key, n])),
    },
    { run: async () => byKey(await grouped.collect()), expected: sorted },
    {
      run: async () => await cached.collect(),
      expected: numbers.map((n) => n * 2),
    },
  ];
}

/** Whether the job is exact after damage to one of its files, and a damaged map output is gone. */
async function fileDamaged(
  { run, expected }: Job,
  prefix: string,
  { temp, fault, random }: Readonly<{ temp: string; fault: Fault; random: Random }>,
): Promise<boolean> {
  const before = filesBelow(temp).filter((path) => prefixOf(path) === prefix);
  const path = random.pick(before);
  const whole = Deno.readFileSync(path);
  const others = before.filter((other) => other !== path && other.at(-1) === path.at(-1));
  const other = Deno.readFileSync(random.pick(others));
  const changed = damagedBytes(whole, other, fault);
  Deno.writeFileSync(path, changed);
  if (!isDeepStrictEqual(await run(), expected)) {
    console.error(`${path}: ${fault.kind} at ${fault.place} gives another result`);
    return false;
  }
  // A cached partition that another executor found damaged goes when its own one meets it.
  if (prefix.startsWith("dataset-")) return true;
  const endMs = performance.now() + GONE_MS_MAX;
  while (performance.now() < endMs) {
    const found = bytesOf(path);
    if (found === undefined || !isDeepStrictEqual(found, changed)) return true;
    await pause(5);
  }
  console.error(`${path}: ${fault.kind} at ${fault.place} was not seen`);
  return false;
}

function damagedBytes(whole: Uint8Array, other: Uint8Array, fault: Fault): Uint8Array {
  const at = Math.floor(fault.place * whole.length);
  switch (fault.kind) {
    case "flip": {
      const changed = whole.slice();
      changed[at]! ^= fault.mask;
      return changed;
    }
    case "cut":
      return whole.slice(0, at);
    case "swap": {
      const changed = new Uint8Array(whole.length);
      changed.set(whole.subarray(at));
      changed.set(whole.subarray(0, at), whole.length - at);
      return isDeepStrictEqual(changed, whole) ? whole.slice(1) : changed;
    }
    case "other":
      return other;
  }
}

/** Whether a job is exact whose task damages what it has spilled, at its first attempt. */
async function spillDamaged(
  sc: SparkContext,
  temp: string,
  { kind, place, mask }: Fault,
  isGroup: boolean,
): Promise<boolean> {
  const cut = kind === "cut";
  const damage = (label: string): void => {
    if (TaskContext.get()!.attemptNumber() > 0) return;
    const own: string[] = [];
    for (const application of Deno.readDirSync(temp)) {
      if (!application.name.startsWith("flint-")) continue;
      for (const executor of Deno.readDirSync(`${temp}/${application.name}`)) {
        if (!executor.isDirectory || !executor.name.startsWith("executor-")) continue;
        const folder = `${temp}/${application.name}/${executor.name}`;
        for (const { name } of Deno.readDirSync(folder)) {
          if (name.startsWith(`spill-${label}`)) own.push(`${folder}/${name}`);
        }
      }
    }
    let damaged = 0;
    for (const path of own) {
      try {
        using file = Deno.openSync(path, { read: true, write: true });
        const at = Math.floor(place * file.statSync().size);
        const byte = new Uint8Array(1);
        file.seekSync(at, Deno.SeekMode.Start);
        file.readSync(byte);
        if (cut) file.truncateSync(at);
        byte[0]! ^= mask;
        file.seekSync(at, Deno.SeekMode.Start);
        if (!cut) file.writeSync(byte);
        damaged++;
      } catch (error) {
        // Another task's, which it may not write.
        if (!(error instanceof Deno.errors.NotCapable)) throw error;
      }
    }
    if (damaged === 0) throw new Error(`there is no spill-${label} to damage`);
  };
  if (isGroup) {
    const large = "x".repeat(200);
    const lengths = await sc.range(NUMBERS, { partitions: 2 })
      .map((n) => [n % 2, `${large}${n}`] as const)
      .groupByKey(2)
      .mapValues((values: Values<string>) => {
        damage("values");
        return values.toArray().reduce((sum, { length }) => sum + length, 0);
      })
      .collect();
    const sum = lengths.reduce((sum, [, length]) => sum + length, 0);
    let expected = 0;
    for (let n = 0; n < NUMBERS; n++) expected += large.length + `${n}`.length;
    return sum === expected;
  }
  const last = KEYS_MANY - 1;
  const sum = await sc.range(2 * KEYS_MANY, { partitions: 2 })
    .mapPartitions(function* (numbers) {
      let count = 0;
      for (const n of numbers) {
        if (count++ === last) damage("combine");
        yield [`some longer key ${n}`, n] as const;
      }
    })
    .reduceByKey((a, b) => a + b, 2)
    .map(([, n]) => n)
    .sum();
  return sum === (2 * KEYS_MANY) * (2 * KEYS_MANY - 1) / 2;
}

/** All data and index files below a folder. */
function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return filesBelow(path);
    return /\.(?:data|index)$/.test(name) ? [path] : [];
  }).sort();
}

/** What the names of all files of an exchange, or of a cached dataset, begin with. */
function prefixOf(path: string): string {
  return /[^/]*$/.exec(path)![0].split("-", 2).join("-");
}

function bytesOf(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  }
}
