import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FileError } from "../../core/platform.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

const text = Array.from({ length: 500_000 }, (_, n) => `${n}`).join("\n");
const packed = new Uint8Array(gzipSync(text));

/** `bytes` in pieces of `size`, all in the same buffer. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    const part = bytes.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

async function unpacked(from: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let found = "";
  for await (const piece of denoPlatform.gunzip(from)) {
    assert(piece.length <= 1 << 20);
    found += decoder.decode(piece, { stream: true });
  }
  return found;
}

Deno.test("gunzip gives what was packed, though the pieces are overwritten", async () => {
  for (const size of [1_000, 65_536, 1 << 20]) {
    assert.equal(await unpacked(pieces(packed, size)), text);
  }
});

Deno.test("gunzip throws what reading throws", async () => {
  const refused = new FileError("denied", "read", "/x.gz");
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield* pieces(packed.subarray(0, 10_000), 1_000);
    throw refused;
  }
  await assert.rejects(unpacked(failing()), (error) => error === refused);
});

Deno.test("gunzip closes its input when no more is wanted", async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces(packed, 1_000);
    } finally {
      close();
    }
  }
  for await (const piece of denoPlatform.gunzip(watched())) {
    assert(piece.length > 0);
    break;
  }
  await closed;
});
