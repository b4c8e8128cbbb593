import assert from "node:assert/strict";
import fc from "fast-check";
import { headerFault, headerFor } from "../../shuffle/file_header.ts";
import { denoPlatform as platform } from "../../workers/platform_deno.ts";
import { temporaryFolder } from "./keyed_records.ts";

const part = fc.stringMatching(/^[\w.-]{1,12}$/);
const pathArbitrary = fc.tuple(part, part, part).map((parts) => `/local/${parts.join("/")}`);

/** What is found where a file of those bytes lies at `path`. */
function faultOf(file: string, bytes: Uint8Array, path: string): string | undefined {
  Deno.writeFileSync(file, bytes);
  using opened = platform.files.open(file);
  return headerFault(platform, opened, headerFor(platform, path));
}

Deno.test("a header fits the path that it was made for, and no other", () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/file`;
  fc.assert(
    fc.property(pathArbitrary, pathArbitrary, (path, other) => {
      const { bytes } = headerFor(platform, path);
      const longer = Uint8Array.of(...bytes, 1, 2, 3);
      assert.equal(faultOf(file, bytes, path), undefined);
      assert.equal(faultOf(file, longer, path), undefined);
      // Wherever the local directory lies, it is the same file.
      assert.equal(faultOf(file, bytes, `/elsewhere${path}`), undefined);
      if (path === other) return;
      assert.notEqual(headerFor(platform, other).seed, headerFor(platform, path).seed);
      assert.notEqual(faultOf(file, longer, other), undefined);
    }),
    { numRuns: 100 },
  );
});

Deno.test("every changed byte and every missing one is a fault, and another file is named", () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/file`;
  const path = "/tmp/flint-1-00/executor-0-0-disk-0/exchange-2-map-0-1.data";
  const { bytes } = headerFor(platform, path);
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at]! ^= mask;
      assert.match(faultOf(file, changed, path)!, /^it does not begin as it has to$/, `${at}`);
    }
    assert.match(faultOf(file, bytes.subarray(0, at), path)!, /only \d+ bytes are left/);
  }
  const stale = path.replace("0-1.data", "0-0.data");
  assert.match(faultOf(file, bytes, stale)!, /: it is flint-1-00\/executor-0.*map-0-1\.data$/);
});
