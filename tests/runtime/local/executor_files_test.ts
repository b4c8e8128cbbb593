/** What lost executors wrote stays as long as somebody may read it, and no longer. */
import assert from "node:assert/strict";
import { ExecutorFiles } from "../../../runtime/local/executor_files.ts";
import { denoPlatform } from "../../../workers/platform_deno.ts";

/** Files below two application folders: `{ "0/executor-1-0-disk-0/spill-1": … }`. */
class Disks implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "flint-test-" });
  readonly paths = [`${this.root}/0`, `${this.root}/1`];

  constructor(names: readonly string[]) {
    for (const path of this.paths) Deno.mkdirSync(path);
    for (const name of names) {
      const path = `${this.root}/${name}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path, "bytes");
    }
  }

  /** All files, and folders in which there are none. */
  get left(): string[] {
    const below = (folder: string): string[] => {
      const entries = [...Deno.readDirSync(`${this.root}/${folder}`)];
      if (entries.length === 0) return [`${folder}/`];
      return entries.flatMap(({ name, isFile }) =>
        isFile ? [`${folder}/${name}`] : below(`${folder}/${name}`)
      );
    };
    return [...below("0"), ...below("1")].sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

const OUTPUT = "executor-1-0-disk-0/exchange-7-map-0-0";
const OTHERS = ["0/executor-10-0-disk-0/spill-0", "0/owner", "1/executor-2-0-disk-1/spill-0"];

Deno.test("a lost executor leaves the outputs that the driver has heard of, until they are discarded", () => {
  using disks = new Disks([
    ...OTHERS,
    `0/${OUTPUT}.data`,
    `0/${OUTPUT}.index`,
    "0/executor-1-0-disk-0/exchange-7-map-1-0.data",
    "0/executor-1-0-disk-0/exchange-7-map-1-0.index",
    "0/executor-1-0-disk-0/spill-0",
    "0/executor-1-kept-disk-0/dataset-1-0",
    "1/executor-1-0-disk-1/spill-1",
  ]);
  const files = new ExecutorFiles(denoPlatform, disks.paths);
  files.wrote(`${OUTPUT}.data`);
  files.lost(1);
  assert.deepEqual(disks.left, [`0/${OUTPUT}.data`, `0/${OUTPUT}.index`, ...OTHERS].sort());
  files.discard([`${OUTPUT}.data`]);
  assert.deepEqual(disks.left, OTHERS.toSorted());
});

Deno.test("the folder of an executor that lives stays when its outputs are discarded", () => {
  using disks = new Disks([`0/${OUTPUT}.data`, `0/${OUTPUT}.index`, "1/owner"]);
  const files = new ExecutorFiles(denoPlatform, disks.paths);
  files.wrote(`${OUTPUT}.data`);
  files.discard([`${OUTPUT}.data`]);
  assert.deepEqual(disks.left, ["0/executor-1-0-disk-0/", "1/owner"]);
});

Deno.test("what is gone already is no error", () => {
  using disks = new Disks(OTHERS);
  const files = new ExecutorFiles(denoPlatform, disks.paths);
  files.wrote(`${OUTPUT}.data`);
  files.lost(1);
  files.discard([`${OUTPUT}.data`]);
  assert.deepEqual(disks.left, OTHERS.toSorted());
});
