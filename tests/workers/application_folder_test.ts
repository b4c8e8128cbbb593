/** Whose folders are removed, and whose are not, wherever their makers and removers were killed. */
import assert from "node:assert/strict";
import { FileError, type Files, type Platform } from "../../core/platform.ts";
import {
  makeApplicationFolder,
  removeAllAbandoned,
  removeIfAbandoned,
} from "../../workers/application_folder.ts";
import { denoLocks, denoPlatform } from "../../workers/platform_deno.ts";

const NONCE = "0123456789abcdef";

function inFolder(act: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "flint-folders-" });
  try {
    act(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const make = (folder: string, platform = denoPlatform, nonce = NONCE) =>
  makeApplicationFolder(platform, denoLocks, folder, { pid: 4711, nonce });
const removeAll = (folder: string) => removeAllAbandoned(denoPlatform, denoLocks, folder);
const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** The same platform; `before` is called with the name of each act and may throw in its place. */
function watched(before: (act: string) => void): Platform {
  const { files } = denoPlatform;
  const watch =
    <A extends unknown[], R>(name: string, act: (...args: A) => R) => (...args: A): R => {
      before(name);
      return act(...args);
    };
  const acts: Partial<Files> = {
    makeFolder: watch("makeFolder", files.makeFolder),
    create: watch("create", files.create),
    rename: watch("rename", files.rename),
    remove: watch("remove", files.remove),
  };
  return { ...denoPlatform, files: { ...files, ...acts } };
}

Deno.test("a folder lives as long as its owner, and goes with all that is in it", () => {
  inFolder((folder) => {
    const living = make(folder);
    Deno.mkdirSync(`${living.path}/executor-0-0`);
    Deno.writeTextFileSync(`${living.path}/executor-0-0/spill`, "x");
    removeAll(folder);
    assert.equal(removeIfAbandoned(denoPlatform, denoLocks, living.path), false);
    assert.deepEqual(names(folder), [`flint-4711-${NONCE}`]);
    living.abandon();
    removeAll(folder);
    assert.deepEqual(names(folder), []);
    assert.equal(removeIfAbandoned(denoPlatform, denoLocks, living.path), true);
    make(folder)[Symbol.dispose]();
    assert.deepEqual(names(folder), []);
  });
});

Deno.test("what a maker leaves that dies at any step is removed by the next start", () => {
  for (let step = 1;; step++) {
    let acts = 0;
    let isWhole = true;
    inFolder((folder) => {
      const dying = watched(() => {
        if (++acts > step) throw new Error("dead");
      });
      try {
        make(folder, dying).abandon();
      } catch {
        isWhole = false;
      }
      assert.equal(names(folder).length, 1, `step ${step}`);
      removeAll(folder);
      assert.deepEqual(names(folder), [], `step ${step}`);
    });
    if (isWhole) return assert.equal(step, 3);
  }
});

Deno.test("what a remover leaves that dies at any step is removed by the next start", () => {
  inFolder((folder) => {
    for (const dies of ["rename", "remove"]) {
      make(folder).abandon();
      const dying = watched((act) => {
        if (act === dies) throw new Error("dead");
      });
      assert.throws(() => removeAllAbandoned(dying, denoLocks, folder), /dead/);
      const [left] = names(folder);
      // A recursive removal takes the names in any order, also the owner's first.
      if (dies === "remove") Deno.removeSync(`${folder}/${left}/owner`);
      removeAll(folder);
      assert.deepEqual(names(folder), []);
    }
  });
});

Deno.test("nothing is written by its path into a folder that is being removed", () => {
  inFolder((folder) => {
    const dead = make(folder);
    dead.abandon();
    const writing = watched((act) => {
      if (act !== "remove") return;
      assert.throws(() => Deno.mkdirSync(`${dead.path}/executor-1-0`), Deno.errors.NotFound);
    });
    removeAllAbandoned(writing, denoLocks, folder);
    assert.deepEqual(names(folder), []);
  });
});

Deno.test("a folder that another start takes for rubbish while it is made is made again", () => {
  for (const moment of ["create", "rename"]) {
    inFolder((folder) => {
      let isFirst = true;
      const overtaken = watched((act) => {
        if (act !== moment || !isFirst) return;
        isFirst = false;
        // As a start does that saw the folder before its owner was locked.
        Deno.renameSync(`${folder}/flint-new-${NONCE}`, `${folder}/flint-dead-${NONCE}`);
      });
      const living = make(folder, overtaken);
      assert.equal(isFirst, false);
      removeAll(folder);
      assert.deepEqual(names(folder), [`flint-4711-${NONCE}`], moment);
      assert.deepEqual(names(living.path), ["owner"]);
      living[Symbol.dispose]();
    });
  }
});

Deno.test("what may not be removed stays, what is no folder of ours too, and nothing fails", () => {
  inFolder((folder) => {
    make(folder).abandon();
    Deno.mkdirSync(`${folder}/flint-new-fedcba9876543210`);
    const kept = ["flint-dead-letters", "flint-mine", "flint-new-recipes"];
    for (const name of kept) Deno.mkdirSync(`${folder}/${name}`);
    const denied = watched((act) => {
      if (act === "rename") throw new FileError("denied", act, folder);
    });
    removeAllAbandoned(denied, denoLocks, folder);
    assert.equal(names(folder).length, kept.length + 2);
    removeAll(folder);
    assert.deepEqual(names(folder), kept);
    removeAll(`${folder}/missing`);
  });
});

Deno.test("where no folder can be made, the reason is told", () => {
  inFolder((folder) => {
    assert.throws(() => make(`${folder}/missing`), { name: "FileError", kind: "notFound" });
  });
});
