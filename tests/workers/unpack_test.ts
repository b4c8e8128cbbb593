import assert from "node:assert/strict";
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Compression, FileError } from "../../core/platform.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

/** Longer than a piece of what is unpacked, and than a piece of what is packed. */
const text = Array.from({ length: 500_000 }, (_, n) => `${n}`).join("\n");
const encoder = new TextEncoder();

const zstd = (from: string, checksum = 1) =>
  new Uint8Array(zstdCompressSync(from, { params: { [constants.ZSTD_c_checksumFlag]: checksum } }));
const PACK: Readonly<Record<Compression, (from: string) => Uint8Array>> = {
  gzip: (from) => new Uint8Array(gzipSync(from)),
  zstd,
};
const COMPRESSIONS = Object.keys(PACK) as Compression[];
/** A frame of somebody else, which readers pass over. */
const SKIPPABLE = Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

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

async function unpacked(
  compression: Compression,
  from: AsyncIterable<Uint8Array>,
): Promise<string> {
  const decoder = new TextDecoder();
  let found = "";
  for await (const piece of denoPlatform.unpack(compression, from)) {
    assert(piece.length <= 1 << 20);
    found += decoder.decode(piece, { stream: true });
  }
  return found;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

for (const compression of COMPRESSIONS) {
  const packed = PACK[compression](text);

  Deno.test(`${compression}: what was packed comes back, though pieces are overwritten`, async () => {
    for (const size of [1_000, 65_536, 1 << 20]) {
      assert.equal(await unpacked(compression, pieces(packed, size)), text);
    }
  });

  Deno.test(`${compression}: parts that follow each other are one, wherever they are cut`, async () => {
    const pack = PACK[compression];
    const parts = join(pack("one "), pack(""), pack("two "), pack("three"));
    for (let size = 1; size <= parts.length; size++) {
      assert.equal(await unpacked(compression, pieces(parts, size)), "one two three");
    }
  });

  Deno.test(`${compression}: what is cut off is an error at every place`, async () => {
    const whole = PACK[compression]("a text of a few words");
    for (let end = 0; end < whole.length; end++) {
      await assert.rejects(unpacked(compression, pieces(whole.subarray(0, end), 7)), `${end}`);
    }
    for (const end of [65_536, 131_072, packed.length - 1]) {
      await assert.rejects(unpacked(compression, pieces(packed.subarray(0, end), 65_536)));
    }
  });

  Deno.test(`${compression}: what is damaged, far behind or at once, is an error`, async () => {
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
      const at = Math.min(packed.length - 1, Math.floor(packed.length * part));
      const damaged = packed.with(at, packed[at]! ^ 0xff);
      await assert.rejects(unpacked(compression, pieces(damaged, 65_536)), `${at}`);
    }
    for (const other of ["no packed text", "x".repeat(100_000)]) {
      await assert.rejects(unpacked(compression, pieces(encoder.encode(other), 65_536)));
    }
    await assert.rejects(
      unpacked(compression, pieces(join(packed, encoder.encode("more")), 65_536)),
    );
  });

  Deno.test(`${compression}: what reading throws is thrown`, async () => {
    const refused = new FileError("denied", "read", "/x");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield* pieces(packed.subarray(0, 10_000), 1_000);
      throw refused;
    }
    await assert.rejects(unpacked(compression, failing()), (error) => error === refused);
  });

  Deno.test(`${compression}: its input is closed when no more is wanted`, async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces(packed, 1_000);
      } finally {
        close();
      }
    }
    for await (const piece of denoPlatform.unpack(compression, watched())) {
      assert(piece.length > 0);
      break;
    }
    await closed;
  });

  Deno.test(`${compression}: a packer's stream is one that others unpack`, async () => {
    const put: Uint8Array[] = [];
    using packer = await denoPlatform.packer(compression, (bytes) => put.push(bytes.slice()));
    for await (const piece of pieces(encoder.encode(text), 100_000)) await packer.write(piece);
    await packer.finish();
    assert.equal(await unpacked(compression, pieces(join(...put), 65_536)), text);
    const unpackAtOnce = compression === "gzip" ? gunzipSync : zstdDecompressSync;
    assert.equal(unpackAtOnce(join(...put)).toString(), text);
  });

  Deno.test(`${compression}: what cannot be put is an error of the packer`, async () => {
    const full = new FileError("noSpace", "write", "/x");
    using packer = await denoPlatform.packer(compression, () => {
      throw full;
    });
    await assert.rejects(async () => {
      await packer.write(encoder.encode(text));
      await packer.finish();
    }, (error) => error === full);
  });
}

Deno.test("zstd: frames of others are passed over, every form of a frame is read", async () => {
  const frames = join(SKIPPABLE, zstd("a", 0), SKIPPABLE, zstd("x".repeat(1 << 18)), SKIPPABLE);
  for (const size of [1, 5, 12, 65_536]) {
    assert.equal(await unpacked("zstd", pieces(frames, size)), "a" + "x".repeat(1 << 18));
  }
  // Raw, repeated and compressed blocks, with and without the length of what is in them.
  const noise = Array.from({ length: 300_000 }, (_, n) => String.fromCharCode(n * n % 64991 % 95));
  for (const from of [noise.join(""), "", "\0".repeat(1 << 20)]) {
    for (const level of [1, 19]) {
      for (const pledgedSrcSize of [undefined, from.length]) {
        const params = { [constants.ZSTD_c_compressionLevel]: level };
        const options = { params, pledgedSrcSize } as { params: typeof params };
        const packed = new Uint8Array(zstdCompressSync(from, options));
        assert.equal(await unpacked("zstd", pieces(packed, 65_536)), from);
      }
    }
  }
});
