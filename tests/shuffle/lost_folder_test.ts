import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { withFoldersMadeAgain } from "../../shuffle/lost_folder.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

Deno.test("a spill folder that has vanished is made again, and one above it is not", () => {
  const root = Deno.makeTempDirSync({ prefix: "flint-test-" });
  const own = `${root}/application/own`;
  mkdirSync(own, { recursive: true });
  const platform = withFoldersMadeAgain(denoPlatform, [own]);
  using spills = new SpillManager(platform, [own]);
  rmSync(own, { recursive: true });
  spills.create("test")[Symbol.dispose]();
  assert.deepEqual(readdirSync(own), ["spill-test-0"]);
  assert.throws(
    () => platform.files.create(`${root}/elsewhere/file`),
    { name: "FileError", kind: "notFound" },
    "a folder that is not its own was made",
  );
  rmSync(`${root}/application`, { recursive: true });
  assert.throws(() => spills.create("test"), {
    name: "FileError",
    kind: "notFound",
    act: "create",
  });
  rmSync(root, { recursive: true });
});
