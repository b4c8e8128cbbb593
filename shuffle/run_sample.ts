/** Keys that part sorted runs into pieces of about equal size: what range bounds are made of. */
import type { Platform } from "../core/platform.ts";
import type { BlockEntry } from "./block_index.ts";
import { compareKeyBytes, getVarint, varintBytes } from "./bytes.ts";
import { openWritten } from "./damage.ts";
import { BLOCK_HEADER_BYTES, INDEX_KEY_BYTES_MAX, readBlock, type Run } from "./run.ts";

/** A run of so many blocks is described well enough by its index. */
const INDEXED_BLOCKS_MIN = 16;
/** How many keys are taken of each block of a shorter run. */
const KEYS_PER_BLOCK = 16;

/** A key and how many bytes it stands for. */
type SampledKey = Readonly<{ key: Uint8Array; bytes: number }>;

/**
 * At most `keysMax` keys, ascending, that part the records of all runs into pieces of about equal
 * size. Long runs are not read: the first keys of their blocks say enough. Keys are cut to 1 KB.
 */
export function sampleOf(platform: Platform, runs: readonly Run[], keysMax: number): Uint8Array[] {
  const sampled = runs.flatMap((run) =>
    run.blocks.length >= INDEXED_BLOCKS_MIN ? fromIndex(run) : fromRecords(platform, run)
  );
  sampled.sort((a, b) => compareKeyBytes(a.key, b.key));
  if (sampled.length <= keysMax && sampled.every(({ bytes }) => bytes === sampled[0]!.bytes)) {
    return sampled.map(({ key }) => key);
  }
  return evenlySpaced(sampled, Math.min(sampled.length, keysMax));
}

/** Without the run's first key: a minimum of every run would crowd the lower end. */
function fromIndex(run: Run): SampledKey[] {
  const bytes = run.bytes / (run.blocks.length - 1);
  return Array.from(run.blocks, ({ firstKey }) => ({ key: firstKey, bytes })).slice(1);
}

function fromRecords(platform: Platform, run: Run): SampledKey[] {
  using file = openWritten(platform, run.path, run.origin);
  const blocks = [...run.blocks];
  const bytesMax = blocks.reduce(
    (most, { records, bytes }) => records > 1 ? Math.max(most, bytes) : most,
    0,
  );
  const memory = new Uint8Array(BLOCK_HEADER_BYTES + bytesMax);
  return blocks.flatMap((entry) => {
    // A record that has a block to itself may be huge; the index knows its key.
    if (entry.records === 1) return [{ key: entry.firstKey, bytes: entry.bytes }];
    readBlock(platform, file, run, entry, memory, 0);
    return fromBlock(memory, entry);
  });
}

/** The key in the middle of each of KEYS_PER_BLOCK pieces; of a short block every key. */
function fromBlock(memory: Uint8Array, entry: BlockEntry): SampledKey[] {
  const sampled: SampledKey[] = [];
  const step = entry.bytes / KEYS_PER_BLOCK;
  const end = BLOCK_HEADER_BYTES + entry.bytes;
  let middle = BLOCK_HEADER_BYTES + step / 2;
  for (let at = BLOCK_HEADER_BYTES; at < end;) {
    const keyLength = getVarint(memory, at);
    at += varintBytes(keyLength);
    const valueLength = getVarint(memory, at);
    at += varintBytes(valueLength);
    const recordEnd = at + keyLength + valueLength;
    let bytes = 0;
    for (; middle < recordEnd; middle += step) bytes += step;
    if (bytes > 0) {
      const key = memory.slice(at, at + Math.min(keyLength, INDEX_KEY_BYTES_MAX));
      sampled.push({ key, bytes });
    }
    at = recordEnd;
  }
  return sampled;
}

/** `count` keys at equal distances in bytes; a key that stands for much comes more than once. */
function evenlySpaced(sampled: readonly SampledKey[], count: number): Uint8Array[] {
  const total = sampled.reduce((sum, { bytes }) => sum + bytes, 0);
  const keys: Uint8Array[] = [];
  let before = 0;
  for (const { key, bytes } of sampled) {
    before += bytes;
    while (keys.length < count && (keys.length + 0.5) * total < before * count) keys.push(key);
  }
  return keys;
}
