/**
 * Where the partitions of a sorted exchange begin: found in what the map side wrote, so the input
 * is read once.
 *
 *     samples   a ─ f ─ k │ b ─ c ─ p │ e ─ m        a key of every few blocks of every map task
 *     sorted    a b c e f k m p                      each stands for the bytes that follow it
 *     bounds            f     m                      3 partitions: below f, below m, the rest
 */
import { compareBytes } from "../key.ts";

/** The output of a map task: `sample` parts its `bytes` into pieces of about equal size. */
export type Sampled = Readonly<{ bytes: number; sample?: readonly Uint8Array[] }>;

/**
 * The least keys of the partitions from the second on, ascending by bytes: `partitions - 1` of them,
 * or fewer where the sample has too few different keys. Every partition has a sampled key.
 */
export function boundsOf(samples: readonly Sampled[], partitions: number): Uint8Array[] {
  const keys = samples.flatMap(({ bytes, sample = [] }) =>
    sample.map((key) => ({ key, weight: bytes / sample.length }))
  );
  keys.sort((a, b) => compared(a.key, b.key));
  const total = keys.reduce((sum, { weight }) => sum + weight, 0);
  const bounds: Uint8Array[] = [];
  let before = 0;
  let target = total / partitions;
  let last = keys[0]?.key;
  for (const { key, weight } of keys) {
    if (bounds.length === partitions - 1) break;
    // Here, or at the next key: whichever is nearer.
    if (before + weight / 2 >= target && compared(key, last!) > 0) {
      bounds.push(key);
      last = key;
      // What is left is parted evenly anew, so that a frequent key costs its neighbours nothing.
      target = before + (total - before) / (partitions - bounds.length);
    }
    before += weight;
  }
  return bounds;
}

function compared(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
