import assert from "node:assert/strict";
import fc from "fast-check";
import { readBroadcast, removeBroadcast, writeBroadcast } from "../../workers/broadcast_file.ts";
import { denoPlatform as platform } from "../../workers/platform_deno.ts";
import { temporaryFolder } from "../shuffle/keyed_records.ts";

Deno.test("a broadcast is read as it was written, until it is removed", () => {
  using folder = temporaryFolder();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 5 }), (bytes, id) => {
      writeBroadcast(platform, folder.path, id, bytes);
      assert.deepEqual(readBroadcast(platform, folder.path, id), bytes);
      assert.deepEqual(folder.names(), [`broadcast-${id}`]);
      removeBroadcast(platform, folder.path, id);
      assert.throws(() => readBroadcast(platform, folder.path, id), { code: "NotAvailable" });
    }),
    { numRuns: 50 },
  );
});

Deno.test("a broadcast that is changed, cut, longer or another one is an error that names it", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/broadcast-3`;
  writeBroadcast(platform, folder.path, 4, new Uint8Array(40));
  writeBroadcast(platform, folder.path, 3, new Uint8Array(40));
  const whole = Deno.readFileSync(path);
  const expectDamage = (bytes: Uint8Array, what: string) => {
    Deno.writeFileSync(path, bytes);
    assert.throws(
      () => readBroadcast(platform, folder.path, 3),
      {
        name: "RecordError",
        code: "CorruptBlock",
        message: /Cannot read broadcast 3: .*\n {2}The/,
      },
      what,
    );
  };
  for (let at = 0; at < whole.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const changed = whole.slice();
      changed[at]! ^= mask;
      expectDamage(changed, `${mask} at ${at}`);
    }
    expectDamage(whole.subarray(0, at), `cut to ${at}`);
  }
  expectDamage(Uint8Array.of(...whole, 0), "a byte too many");
  expectDamage(Deno.readFileSync(`${folder.path}/broadcast-4`), "another broadcast");
});
