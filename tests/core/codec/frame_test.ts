/** Frames: whatever byte is damaged, it is noticed and named. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import {
  checkFrame,
  FRAME_HEADER_BYTES,
  readFrameHeader,
  writeFrameHeader,
} from "../../../core/codec/frame.ts";

function framed(payload: Uint8Array, records: number, gap: number): Uint8Array {
  const bytes = new Uint8Array(gap + FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(bytes, gap, payload, records, crc32);
  bytes.set(payload, gap + FRAME_HEADER_BYTES);
  return bytes;
}

function check(bytes: Uint8Array, gap: number): void {
  const header = readFrameHeader(bytes, gap);
  checkFrame(header, bytes.subarray(gap + FRAME_HEADER_BYTES), "map-3.data at byte 5", crc32);
}

Deno.test("a frame gives its counts back, at any place", () => {
  for (const gap of [0, 1, 5]) {
    const bytes = framed(new Uint8Array([1, 2, 3]), 7, gap);
    const { payloadBytes, records } = readFrameHeader(bytes, gap);
    assert.deepEqual([payloadBytes, records], [3, 7]);
    check(bytes, gap);
  }
  check(framed(new Uint8Array(0), 0, 0), 0);
});

Deno.test("the bytes of a frame are those that are committed", () => {
  assert.deepEqual(
    [...framed(new TextEncoder().encode("flint"), 2, 0)].map((byte) => byte.toString(16)).join(" "),
    "5 0 0 0 2 0 0 0 e2 14 3f b0 66 6c 69 6e 74",
  );
});

Deno.test("each altered bit is noticed", () => {
  const bytes = framed(new TextEncoder().encode("a payload"), 1, 0);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const altered = bytes.slice();
    altered[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => check(altered, 0), { name: "RecordError", code: "CorruptBlock" });
  }
});

Deno.test("what disagrees is named", () => {
  const bytes = framed(new Uint8Array([1, 2, 3, 4]), 1, 0);
  assert.throws(() => check(bytes.subarray(0, -1), 0), {
    message: "The block in map-3.data at byte 5 has 3 bytes; its header says 4",
  });
  const altered = bytes.slice();
  altered[FRAME_HEADER_BYTES]! ^= 1;
  assert.throws(() => check(altered, 0), {
    message: /^The block in map-3\.data at byte 5 has the checksum [0-9a-f]{8}; its header says/,
  });
  assert.throws(() => readFrameHeader(bytes.subarray(0, 11)), {
    message: "Cannot read a block: 11 bytes are left where its header has 12",
  });
});
