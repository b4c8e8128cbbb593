import assert from "node:assert/strict";
import { localFileSystem } from "../../io/local_files.ts";
import { AttemptFile } from "../../workers/attempt_file.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { Faults, faultyPlatform } from "../helpers/faulty_platform.ts";

Deno.test("an output on a full disk names its file and the bytes, and leaves nothing", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "flint-test-" });
  // The file is made, one block is written, and then there is no room.
  const faults = new Faults({ fault: "ENOSPC", nth: 3, forever: true });
  faults.arm();
  const file = new AttemptFile(
    localFileSystem(faultyPlatform(denoPlatform, faults)),
    { path: `${folder}/attempt` },
  );
  await file.append(new Uint8Array(100));
  await assert.rejects(file.append(new Uint8Array(50)), (error: Error & { code?: string }) => {
    assert.deepEqual([error.name, error.code], ["OutputError", "DiskFull"]);
    assert(error.message.includes(`${folder}/attempt`), error.message);
    assert.match(error.message, /the disk is full; 150 bytes/);
    return true;
  });
  await file.discard();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  Deno.removeSync(folder);
});
