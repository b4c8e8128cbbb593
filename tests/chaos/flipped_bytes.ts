/**
 * Figure 4: every damage to the files that tasks write and read again.
 *
 *     one by one     each byte flipped with 3 masks, each truncation, blocks in each other's place, files
 *                    of another attempt, map partition, executor and application: the readers
 *                    themselves, in this process, over one real file of each kind
 *     end to end     a word count, a sort, a grouping that spills and a cached dataset on executors:
 *                    one fault, chosen by chance, and the job has to give the exact result all the same
 *
 * A fault is detected where its reader throws what makes the engine act: a MapOutputDamaged that names
 * the right output, else an error with a code for damage. It is harmless where the reader gives
 * what it gave before. No byte of these files is without use; the one fault that may be harmless is a
 * byte behind the last one of a spill, which nobody reads, since its writer knows where each block
 * ends. It is missed where the reader gives something else, or throws what is a bug.
 */
import { isDeepStrictEqual } from "node:util";
import { FlintError } from "../../core/errors.ts";
import { joined } from "../../io/joined.ts";
import { MapOutputDamaged } from "../../shuffle/damage.ts";
import { Random } from "../simulation/random.ts";
import { chaos } from "./chaos.ts";
import { damagedJobs } from "./damaged_jobs.ts";
import { writeFiles, type WrittenFile } from "./written_files.ts";

const MASKS = [0x01, 0x80, 0xff];
/** In the short form so many bytes of a file are tried, which begin and end it or are chosen. */
const BYTES_SHORT = 90;

const TOO_MANY = "a byte too many";

type Counts = { detected: number; harmless: number; missed: string[] };

await chaos({
  figure: 4,
  name: "flipped_bytes",
  must: "100 % of all faults detected, all results exact",
  limitSeconds: { short: 120, long: 1_800 },
  async run({ seed, long, planted, shop }) {
    const random = new Random(seed);
    const counts: Counts = { detected: 0, harmless: 0, missed: [] };
    const folder = `${shop.folder}/files`;
    await Deno.mkdir(folder);
    const files = writeFiles(folder, long ? 900 : 60);
    for (const file of planted ? [unchecked(files[0]!)] : files) {
      await tryAll(file, counts, long ? undefined : random);
    }
    const jobs = planted
      ? { faults: 0, exact: 0 }
      : await damagedJobs(shop, random, long ? 400 : 40);
    for (const what of counts.missed.slice(0, 20)) console.error(`missed: ${what}`);
    const { detected, harmless, missed } = counts;
    return {
      measured: `${detected} faults detected, ${harmless} harmless (a byte behind a spill), ` +
        `${missed.length} missed; ${jobs.exact} of ${jobs.faults} jobs exact`,
      ok: missed.length === 0 && jobs.exact === jobs.faults,
    };
  },
});

/** A file whose reader looks at nothing: what must be found of it is missed. */
function unchecked(file: WrittenFile): WrittenFile {
  return { ...file, read: () => Deno.readFileSync(file.path) };
}

/** Every fault of a file, or those that `random` chooses; the file is whole again after it. */
async function tryAll(file: WrittenFile, counts: Counts, random?: Random): Promise<void> {
  const whole = Deno.readFileSync(file.path);
  const right = await file.read();
  const attempt = async (bytes: Uint8Array, what: string) => {
    if (isDeepStrictEqual(bytes, whole)) return;
    Deno.writeFileSync(file.path, bytes);
    const where = `${file.name}: ${what}`;
    try {
      const isSame = isDeepStrictEqual(await file.read(), right);
      if (isSame && file.isSpill && what === TOO_MANY) counts.harmless++;
      else counts.missed.push(where);
    } catch (error) {
      if (isDetected(error, file)) counts.detected++;
      else counts.missed.push(`${where}: ${error}`);
    }
  };
  for (const at of placesIn(whole.length, random)) {
    for (const mask of MASKS) {
      const changed = whole.slice();
      changed[at]! ^= mask;
      await attempt(changed, `byte ${at} ^ ${mask}`);
    }
    await attempt(whole.subarray(0, at), `cut to ${at} bytes`);
  }
  await attempt(joined([whole, new Uint8Array(1)], whole.length + 1), TOO_MANY);
  for (const [i, one] of file.blocks.entries()) {
    const zeroed = whole.slice().fill(0, one.at, one.at + one.bytes);
    await attempt(zeroed, `block ${i} zeroed`);
    for (const other of file.blocks.slice(i + 1)) {
      await attempt(swapped(whole, one, other), `blocks at ${one.at} and ${other.at} swapped`);
    }
  }
  for (const other of file.others) {
    await attempt(Deno.readFileSync(other), `${other} in its place`);
  }
  Deno.writeFileSync(file.path, whole);
}

function isDetected(error: unknown, { origin }: WrittenFile): boolean {
  if (origin !== undefined) {
    return error instanceof MapOutputDamaged && error.exchange === origin.exchange &&
      error.partition === origin.partition;
  }
  return error instanceof FlintError &&
    /^(CorruptBlock|CorruptInput|InputUnsupported)$/.test(error.code);
}

/** All places, or the first and last ones and some by chance. */
function placesIn(bytes: number, random: Random | undefined): number[] {
  const all = Array.from({ length: bytes }, (_, at) => at);
  if (random === undefined || bytes <= BYTES_SHORT) return all;
  const edge = BYTES_SHORT / 3;
  const chosen = Array.from({ length: edge }, () => random.between(edge, bytes - edge - 1));
  return [...all.slice(0, edge), ...new Set(chosen), ...all.slice(-edge)];
}

/** The file with two of its parts in each other's place, which may be of different lengths. */
function swapped(
  whole: Uint8Array,
  one: Readonly<{ at: number; bytes: number }>,
  other: Readonly<{ at: number; bytes: number }>,
): Uint8Array {
  const pieces = [
    whole.subarray(0, one.at),
    whole.subarray(other.at, other.at + other.bytes),
    whole.subarray(one.at + one.bytes, other.at),
    whole.subarray(one.at, one.at + one.bytes),
    whole.subarray(other.at + other.bytes),
  ];
  return joined(pieces, whole.length);
}
