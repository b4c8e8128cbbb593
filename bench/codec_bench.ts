// `deno task bench`: blocks of 1,024 records, as an exchange writes and reads them; and keys.
import assert from "node:assert/strict";
import { decodeBlock, encodeBlock } from "../core/codec/codec.ts";
import { KeyWriter } from "../core/key.ts";
import { readKey } from "../core/key_reader.ts";
import { benchNow, lines, words } from "./suite.ts";

const RECORDS = 1024;
const some = words(200).slice(0, RECORDS);
const batches: Readonly<Record<string, readonly unknown[]>> = {
  "small integers": some.map((_, i) => i % 200),
  doubles: some.map((_, i) => Math.sqrt(i)),
  words: some,
  lines: lines(RECORDS),
  "[word, number]": some.map((word, i) => [word, i]),
  objects: some.map((word, i) => ({ word, at: i, tags: ["a", "b"] })),
};

for (const [name, batch] of Object.entries(batches)) {
  assert.equal(batch.length, RECORDS);
  const block = encodeBlock(batch);
  assert.deepEqual(decodeBlock(block), batch);
  benchNow("encode a block", name, () => encodeBlock(batch));
  benchNow("decode a block", name, () => decodeBlock(block));
}

const keys: Readonly<Record<string, readonly unknown[]>> = {
  words: some,
  numbers: batches.doubles!,
  "[number, word]": some.map((word, i) => [i, word]),
};
for (const [name, list] of Object.entries(keys)) {
  const writer = new KeyWriter(1 << 20);
  const write = () => {
    writer.end = 0;
    for (let i = 0; i < list.length; i++) writer.write(list[i]);
    return writer.end;
  };
  const ends = list.map((key, i) => {
    if (i === 0) writer.end = 0;
    writer.write(key);
    return writer.end;
  });
  const bytes = writer.bytes.slice(0, writer.end);
  const read = () => ends.map((end, i) => readKey(bytes, i === 0 ? 0 : ends[i - 1]!, end));
  assert.deepEqual(read(), list);
  benchNow("write 1,024 keys", name, write);
  benchNow("read 1,024 keys", name, read);
}
