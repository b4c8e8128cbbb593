/**
 * The committed bytes of keys: files and clusters rely on them, in every runtime.
 *
 * keys.json has a row for each key, in the order of the keys: the JavaScript that makes it, its bytes,
 * their hash and the partition of seven where it goes, which is `floor(hash * 7 / 2^32)`. After adding
 * a key (`{ "key": "…" }` suffices), or on purpose changing what keys are encoded as:
 *
 *     deno run -A tests/vectors/keys.ts
 *
 * This file and what it imports also run in Node, where tests/core/key_vectors_test.ts starts it.
 */
import { encodeKey } from "../../core/key.ts";
import { hashBytes, partitionOf } from "../../core/key_hash.ts";

/** Bytes and hash in hexadecimal. */
export type KeyVector = Readonly<{ key: string; bytes: string; hash: string; partition: number }>;

export const PARTITIONS = 7;

/** The value of the JavaScript expression of a row. */
export function keyOf(row: Pick<KeyVector, "key">): unknown {
  return new Function(`return (${row.key});`)();
}

/** The row that this runtime makes of the key of one. */
export function vectorOf({ key }: Pick<KeyVector, "key">): KeyVector {
  const bytes = encodeKey(keyOf({ key }));
  const hash = hashBytes(new DataView(bytes.buffer), 0, bytes.length);
  return {
    key,
    bytes: hexOf(bytes),
    hash: (hash >>> 0).toString(16).padStart(8, "0"),
    partition: partitionOf(hash, PARTITIONS),
  };
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

if (import.meta.main) {
  const file = new URL("keys.json", import.meta.url);
  const rows = (JSON.parse(Deno.readTextFileSync(file)) as KeyVector[]).map(vectorOf)
    .sort((a, b) => a.bytes < b.bytes ? -1 : a.bytes > b.bytes ? 1 : 0);
  Deno.writeTextFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
}
