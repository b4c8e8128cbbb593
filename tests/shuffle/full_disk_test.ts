/** Disks that are full, and disks that fail: what is said, and what is made again. */
import assert from "node:assert/strict";
import { FileError, type Platform } from "../../core/platform.ts";
import { namingFullDisks } from "../../shuffle/full_disk.ts";
import {
  openSortedOutput,
  readPartition,
  ShuffleFileSink,
  SortedFileSink,
} from "../../shuffle/shuffle_file.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

/** The platform, with `act` done before each of its acts on files. */
function platformWith(act: (what: "create" | "append" | "open" | "read", path: string) => void) {
  const { files } = denoPlatform;
  return {
    ...denoPlatform,
    files: {
      ...files,
      create(path, options) {
        act("create", path);
        const file = files.create(path, options);
        const append = file.append.bind(file);
        return Object.assign(file, {
          append(bytes: Uint8Array) {
            act("append", path);
            append(bytes);
          },
        });
      },
      open(path) {
        act("open", path);
        const file = files.open(path);
        const readAt = file.readAt.bind(file);
        return Object.assign(file, {
          readAt(offset: number, into: Uint8Array) {
            act("read", path);
            return readAt(offset, into);
          },
        });
      },
    },
  } satisfies Platform;
}

async function inFolder(act: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flint-test-" });
  try {
    Deno.mkdirSync(`${folder}/own`);
    act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const origin = { exchange: 3, partition: 1 };

function placeIn(folder: string, platform: Platform) {
  return { ...origin, platform, root: folder, folder: "own", attempt: 0 };
}

for (const when of ["create", "append", "the index"] as const) {
  Deno.test(`a full disk under a map output is named: ${when}`, async () => {
    await inFolder((folder) => {
      const full = platformWith((what, path) => {
        const isDue = when === "the index" ? path.includes(".index") : what === when;
        if (isDue) throw new FileError("noSpace", "write", path);
      });
      const write = () => {
        using sink = new ShuffleFileSink(placeIn(folder, namingFullDisks(full)), 2);
        sink.write(0, new Uint8Array(100), 1);
        sink.close();
      };
      assert.throws(write, (error: Error & { code?: string }) => {
        assert.deepEqual([error.name, error.code], ["OutputError", "DiskFull"], `${error}`);
        assert.match(
          error.message,
          new RegExp(`write to ${folder}/own: no space is left; .* bytes`),
        );
        assert.match(error.message, /\n {2}Free some space.*spark\.local\.dir/);
        return true;
      });
      assert.deepEqual([...Deno.readDirSync(`${folder}/own`)], [], "something is left");
    });
  });
}

for (const kind of ["notFound", "other"] as const) {
  for (const when of ["open", "read"] as const) {
    Deno.test(`a map output that cannot be read is lost, not a failure: ${when}, ${kind}`, async () => {
      await inFolder((folder) => {
        const place = placeIn(folder, denoPlatform);
        let file: string;
        {
          using sink = new ShuffleFileSink(place, 1);
          sink.write(0, new Uint8Array(100), 1);
          ({ file } = sink.close());
        }
        const failing = platformWith((what, path) => {
          if (what === when) throw new FileError(kind, what, path);
        });
        const lost = {
          exchange: 3,
          partition: 1,
          code: "CorruptBlock",
          detail: /cannot (open|read)/,
        };
        const path = `${folder}/${file}`;
        assert.throws(() => [...readPartition(failing, path, origin, 0)], lost);
        {
          using sink = new SortedFileSink({ ...place, attempt: 1 });
          sink.create()[Symbol.dispose]();
          ({ file } = sink.close([]));
        }
        assert.throws(() => openSortedOutput(failing, `${folder}/${file}`, origin), lost);
      });
    });
  }
}

Deno.test("what the system forbids is no damage: to make it again would not help", async () => {
  await inFolder((folder) => {
    const denied = platformWith((what, path) => {
      if (what === "open") throw new FileError("denied", what, path);
    });
    const read = () => [...readPartition(denied, `${folder}/own/x.data`, origin, 0)];
    assert.throws(read, { name: "FileError", kind: "denied" });
  });
});
