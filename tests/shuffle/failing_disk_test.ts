/** Disks that fail in the middle of things: what is left behind. Found by tests/chaos/nth_fault.ts. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import type { Platform } from "../../core/platform.ts";
import { ShuffleFileSink } from "../../shuffle/shuffle_file.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { type FaultPlan, Faults, faultyPlatform } from "../helpers/faulty_platform.ts";

function inFolder(act: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "flint-test-" });
  try {
    mkdirSync(`${folder}/own`);
    act(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function failing(plan: FaultPlan): Platform {
  const faults = new Faults(plan);
  faults.arm();
  return faultyPlatform(denoPlatform, faults);
}

Deno.test("a map output that fails at any step leaves no file", () => {
  let failures = 0;
  for (let nth = 1;; nth++) {
    let failed = false;
    inFolder((folder) => {
      const platform = failing({ fault: "EIO", nth, forever: false });
      const place = {
        platform,
        root: folder,
        folder: "own",
        exchange: 1,
        partition: 0,
        attempt: 0,
      };
      try {
        using sink = new ShuffleFileSink(place, 1);
        sink.write(0, new Uint8Array(10), 1);
        sink.close();
      } catch {
        failed = true;
        assert.deepEqual(readdirSync(`${folder}/own`), [], `operation ${nth}`);
      }
    });
    if (!failed) break;
    failures++;
  }
  assert(failures >= 7, `only ${failures} operations`);
});

Deno.test("a spill file that is not removed at once is removed all the same", () => {
  inFolder((folder) => {
    using spills = new SpillManager(failing({ fault: "EIO", nth: 2, forever: false }), [folder]);
    const file = spills.create("test");
    file[Symbol.dispose]();
    spills.release(file.path);
    assert.deepEqual(readdirSync(folder), ["own"]);
  });
});

Deno.test("a spill file that cannot be closed keeps no other from being removed", () => {
  inFolder((folder) => {
    const spills = new SpillManager(
      failing({ fault: "close error", nth: 1, forever: true }),
      [folder],
    );
    spills.create("one");
    spills.create("two");
    assert.throws(() => spills[Symbol.dispose](), { name: "FileError", act: "close" });
    assert.deepEqual(readdirSync(folder), ["own"]);
  });
});
