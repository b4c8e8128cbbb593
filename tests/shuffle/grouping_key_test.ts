import assert from "node:assert/strict";
import { encodeKey, type Key } from "../../core/key.ts";
import { hashBytes } from "../../core/key_hash.ts";
import { GroupingKey } from "../../shuffle/grouping_key.ts";
import { placementOf } from "../../shuffle/partitioner.ts";

Deno.test("one key after the other, also where they outgrow the memory of the ones before", () => {
  const key = new GroupingKey();
  const placement = placementOf({ kind: "hash", partitions: 7 });
  const keys: Key[] = ["a", "x".repeat(1_000), 1n, ["y".repeat(5_000), null], "a"];
  for (const each of keys) {
    key.write(each);
    const expected = encodeKey(each);
    assert.deepEqual(key.bytes.slice(0, key.length), expected);
    const hash = hashBytes(new DataView(expected.buffer, expected.byteOffset), 0, expected.length);
    assert.equal(key.hash(), hash);
    assert(placement.kind === "hash");
    assert.equal(key.partitionIn(placement, each), placement.of(hash));
  }
});
