import assert from "node:assert/strict";
import { FileError, type Platform } from "../../core/platform.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";
import { temporaryFolder } from "./keyed_records.ts";

/** A system on which the disk of `folder` takes `bytesMax` bytes in all. */
function withSmallDisk(folder: string, bytesMax: number): Platform {
  const { files } = denoPlatform;
  let left = bytesMax;
  return {
    ...denoPlatform,
    files: {
      ...files,
      create(path, options) {
        const isSmall = path.startsWith(folder);
        if (isSmall && left === 0) throw new FileError("noSpace", "create", path);
        const file = files.create(path, options);
        return {
          path,
          get bytes() {
            return file.bytes;
          },
          append(bytes) {
            if (isSmall && bytes.length > left) {
              file.append(bytes.subarray(0, left));
              left = 0;
              throw new FileError("noSpace", "write", path);
            }
            if (isSmall) left -= bytes.length;
            file.append(bytes);
          },
          [Symbol.dispose]: () => file[Symbol.dispose](),
        };
      },
    },
  };
}

Deno.test("files are private, spread over the folders, counted, and deleted", () => {
  using a = temporaryFolder();
  using b = temporaryFolder();
  const spills = new SpillManager(denoPlatform, [a.path, b.path]);
  for (let i = 0; i < 4; i++) {
    using file = spills.create("sort");
    file.append(new Uint8Array(10 + i));
    assert.equal(spills.spills, i);
    assert.equal(Deno.statSync(file.path).mode! & 0o777, 0o600);
  }
  assert.equal(spills.spills, 4);
  assert.equal(spills.bytesSpilled, 46);
  assert.deepEqual([a.names(), b.names()], [
    ["spill-sort-0", "spill-sort-2"],
    ["spill-sort-1", "spill-sort-3"],
  ]);
  spills.release(`${b.path}/spill-sort-1`);
  assert.deepEqual(b.names(), ["spill-sort-3"]);
  const open = spills.create("open");
  spills[Symbol.dispose]();
  assert.deepEqual([...a.names(), ...b.names()], []);
  open[Symbol.dispose]();
  assert.equal(spills.spills, 4, "a file that was taken away is no spill");
});

Deno.test("it deletes nothing that it did not make, and two of them can share a folder", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/other`, "other");
  using first = new SpillManager(denoPlatform, [folder.path]);
  using second = new SpillManager(denoPlatform, [folder.path]);
  using one = first.create("sort");
  using two = second.create("sort");
  assert.notEqual(one.path, two.path);
  first.release(`${folder.path}/other`);
  first.release(two.path);
  first[Symbol.dispose]();
  assert.deepEqual(folder.names(), ["other", "spill-sort-1"]);
});

Deno.test("what was removed from outside does not stop it", () => {
  using folder = temporaryFolder();
  const spills = new SpillManager(denoPlatform, [folder.path]);
  using file = spills.create("sort");
  Deno.removeSync(file.path);
  spills[Symbol.dispose]();
});

Deno.test("where a disk is full, a spill starts over in the next folder", () => {
  using small = temporaryFolder();
  using large = temporaryFolder();
  const platform = withSmallDisk(small.path, 25);
  using spills = new SpillManager(platform, [small.path, large.path]);
  const paths = [1, 2, 3, 4].map(() =>
    spills.write("sort", (file) => {
      file.append(new Uint8Array(10));
      file.append(new Uint8Array(10));
      return file.path;
    })
  );
  assert.deepEqual(
    paths.map((path) => path.startsWith(small.path)),
    [true, false, false, false],
  );
  assert.deepEqual(small.names(), ["spill-sort-0"]);
  assert.equal(large.names().length, 3);
  assert.equal(spills.spills, 4);
  assert.equal(spills.bytesSpilled, 80);
});

Deno.test("where all disks are full, the error names the folder and the bytes", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(withSmallDisk(folder.path, 25), [folder.path]);
  const fill = () => spills.write("sort", (file) => file.append(new Uint8Array(20)));
  fill();
  const expected = {
    name: "OutputError",
    code: "DiskFull",
    message: new RegExp(`${folder.path}.*no space.*2[05] bytes`),
  };
  assert.throws(fill, expected);
  assert.throws(fill, expected);
  assert.throws(() => spills.create("sort"), expected);
  assert.deepEqual(folder.names().length, 1);
});

Deno.test("an error of the caller leaves no file and is not retried", () => {
  using folder = temporaryFolder();
  using spills = new SpillManager(denoPlatform, [folder.path]);
  let calls = 0;
  assert.throws(() =>
    spills.write("sort", () => {
      calls++;
      throw new TypeError("mine");
    }), TypeError);
  assert.equal(calls, 1);
  assert.deepEqual(folder.names(), []);
});
