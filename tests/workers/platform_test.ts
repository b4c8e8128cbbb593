import assert from "node:assert/strict";
import { FileError, type FileErrorKind } from "../../core/platform.ts";
import { denoLocks, denoPlatform } from "../../workers/platform_deno.ts";

const { files } = denoPlatform;

function temporaryFolder(): Disposable & { path: string } {
  const path = Deno.makeTempDirSync({ prefix: "flint_platform_test_" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function write(path: string, text: string): void {
  using file = files.create(path);
  file.append(new TextEncoder().encode(text));
}

function assertRefused(kind: FileErrorKind, act: () => unknown): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  });
}

Deno.test("a file is written at its end and read at any offset", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/data`;
  {
    using file = files.create(path);
    file.append(new TextEncoder().encode("hello "));
    file.append(new Uint8Array(0));
    file.append(new TextEncoder().encode("world"));
    assert.equal(file.bytes, 11);
  }
  using file = files.open(path);
  assert.equal(file.bytes, 11);
  const into = new Uint8Array(5);
  assert.equal(file.readAt(6, into), 5);
  assert.equal(new TextDecoder().decode(into), "world");
  assert.equal(file.readAt(0, into), 5);
  assert.equal(new TextDecoder().decode(into), "hello");
  assert.equal(file.readAt(9, into), 2, "fewer only at the end");
  assert.equal(file.readAt(50, into), 0);
  const pieces = [new Uint8Array(5), new Uint8Array(5)];
  const counts = await Promise.all([
    file.readAtLater(0, pieces[0]!),
    file.readAtLater(6, pieces[1]!),
  ]);
  assert.deepEqual(counts, [5, 5]);
  assert.deepEqual(pieces.map((piece) => new TextDecoder().decode(piece)), ["hello", "world"]);
});

Deno.test("files and folders are private", () => {
  using folder = temporaryFolder();
  write(`${folder.path}/file`, "x");
  files.makeFolder(`${folder.path}/a/b`, { parents: true });
  assert.equal(Deno.statSync(`${folder.path}/file`).mode! & 0o777, 0o600);
  assert.equal(Deno.statSync(`${folder.path}/a/b`).mode! & 0o777, 0o700);
});

Deno.test("a folder is listed by code point, and removed with all that is in it", () => {
  using folder = temporaryFolder();
  // In JavaScript's own order U+1F600 comes before U+FF5E.
  for (const name of ["\u{1f600}", "\uff5e", "b", "B", "ab", "a"]) {
    write(`${folder.path}/${name}`, "");
  }
  assert.deepEqual(files.list(folder.path), ["B", "a", "ab", "b", "\uff5e", "\u{1f600}"]);
  files.makeFolder(`${folder.path}/full`);
  write(`${folder.path}/full/x`, "x");
  files.remove(`${folder.path}/full`);
  assert.ok(!files.list(folder.path).includes("full"));
});

Deno.test("info tells files from folders, and a changed file from the same one", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  write(path, "one");
  const before = files.info(path);
  assert.deepEqual([before.kind, before.bytes], ["file", 3]);
  assert.equal(files.info(path).version, before.version);
  files.rename(path, `${path}.moved`);
  write(path, "other");
  assert.notEqual(files.info(path).version, before.version);
  assert.equal(files.info(folder.path).kind, "folder");
  assert.equal(files.info("/dev/null").kind, "other");
});

Deno.test("the system's refusals have the same words on every runtime", () => {
  using folder = temporaryFolder();
  const { path } = folder;
  write(`${path}/file`, "x");
  Deno.symlinkSync("loop", `${path}/loop`);
  assertRefused("notFound", () => files.open(`${path}/missing`));
  assertRefused("notFound", () => files.open(`${path}/file/below`));
  assertRefused("notFound", () => files.info(""));
  assertRefused("isFolder", () => files.open(path));
  assertRefused("isFolder", () => files.create(path, { replace: true }));
  assertRefused("exists", () => files.create(`${path}/file`));
  assertRefused("exists", () => files.makeFolder(path));
  assertRefused("loop", () => files.open(`${path}/loop`));
  assertRefused("invalidPath", () => files.open(`${path}/a\0b`));
  assertRefused("invalidPath", () => files.open(`${path}/${"a".repeat(300)}`));
});

Deno.test({
  name: "a full disk is noSpace, and what was not granted is notGranted",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using full = files.create("/dev/full", { replace: true });
    assertRefused("noSpace", () => full.append(new Uint8Array(10)));

    const script = `import { denoPlatform } from ${
      JSON.stringify(new URL("../../workers/platform_deno.ts", import.meta.url).href)
    }; try { denoPlatform.files.open("/etc/passwd") } catch (error) { console.log(error.kind) }`;
    const module = `data:application/javascript,${encodeURIComponent(script)}`;
    const denied = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", module],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(new TextDecoder().decode(denied.stdout), "notGranted\n");
  },
});

Deno.test("a checksum continues an earlier one", () => {
  const bytes = new TextEncoder().encode("123456789");
  assert.equal(denoPlatform.crc32(bytes), 0xcbf43926);
  const first = denoPlatform.crc32(bytes.subarray(0, 4));
  assert.equal(denoPlatform.crc32(bytes.subarray(4), first), 0xcbf43926);
});

Deno.test("a lock is held by one, and those who wait learn when it is given back", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/lock`;
  write(path, "");
  const held = denoLocks.lock(path);
  assert.equal(denoLocks.tryLock(path), undefined);
  let isFree = false;
  const freed = denoLocks.unlocked(path).then(() => isFree = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isFree, false);
  held[Symbol.dispose]();
  await freed;
  denoLocks.tryLock(path)![Symbol.dispose]();
});
