import assert from "node:assert/strict";
import fc from "fast-check";
import { PAGE_BYTES, PageChecksums, readPart } from "../../shuffle/checked_part.ts";
import { denoPlatform as platform } from "../../workers/platform_deno.ts";
import { randomSource, temporaryFolder } from "./keyed_records.ts";

/** A part of a file behind something else, written in pieces of those lengths. */
function writePart(path: string, pieces: readonly number[]) {
  const next = randomSource(pieces.length + 1);
  using file = platform.files.create(path, { replace: true });
  file.append(new Uint8Array(777));
  const checksums = new PageChecksums(platform);
  const all: number[] = [];
  for (const length of pieces) {
    const bytes = Uint8Array.from({ length }, () => next() & 255);
    file.append(bytes);
    checksums.add(bytes);
    for (const byte of bytes) all.push(byte);
  }
  const part = { path, offset: 777, bytes: all.length, checksums: checksums.finish() };
  return { part, all: Uint8Array.from(all) };
}

Deno.test("any range of a part is what was written there, however it was written", () => {
  using folder = temporaryFolder();
  const length = fc.oneof(fc.nat({ max: 50 }), fc.constantFrom(PAGE_BYTES, PAGE_BYTES - 1, 70_000));
  fc.assert(
    fc.property(
      fc.array(length, { maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 }),
      (pieces, ranges) => {
        const { part, all } = writePart(`${folder.path}/part`, pieces);
        for (const [a, b] of ranges) {
          const from = a % (all.length + 1);
          const to = from + b % (all.length - from + 1);
          assert.deepEqual(readPart(platform, part, from, to), all.slice(from, to));
        }
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("changed, cut or moved pages are found by whoever reads a byte of them", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/part`;
  const { part, all } = writePart(path, [PAGE_BYTES + 10, PAGE_BYTES, 500]);
  const whole = Deno.readFileSync(path);
  const pages = part.checksums.length;
  assert.equal(pages, 3);
  const readPage = (page: number) => {
    const at = Math.min(page * PAGE_BYTES + 5, all.length - 1);
    return readPart(platform, part, at, at + 1);
  };
  const expectDamage = (changed: Uint8Array, page: number, what: string) => {
    Deno.writeFileSync(path, changed);
    assert.throws(() => readPage(page), { name: "RecordError", code: "CorruptBlock" }, what);
  };
  for (let page = 0; page < pages; page++) {
    const end = Math.min(part.offset + (page + 1) * PAGE_BYTES, whole.length);
    for (const at of [part.offset + page * PAGE_BYTES, end - 1]) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const changed = whole.slice();
        changed[at]! ^= mask;
        expectDamage(changed, page, `${mask} at ${at}`);
      }
    }
    expectDamage(whole.subarray(0, end - 1), page, `cut in page ${page}`);
  }
  const swapped = whole.slice();
  swapped.copyWithin(part.offset, part.offset + PAGE_BYTES, part.offset + 2 * PAGE_BYTES);
  expectDamage(swapped, 0, "the second page in the place of the first");
  Deno.writeFileSync(path, whole);
  assert.deepEqual(readPart(platform, part, 0, all.length), all);
});
