/** What is added, tasks and the driver find: files, folders, modules, archives. */
import assert from "node:assert/strict";
import { InputError, PlanError } from "../../core/errors.ts";
import { SparkContext, SparkFiles } from "../../mod.ts";
import { refused, test } from "../helpers/shared_context.ts";

const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flint-files-" }));
const quiet = { "flint.progress": false };
const sc = new SparkContext({ master: "local[2]", conf: quiet });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = `${folder}/${name}`;
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, text);
  return path;
}

/** What a task reads of an added file. */
const readInTask = (name: string) =>
  sc.range(1).map(() => Deno.readTextFileSync(SparkFiles.get(name))).first();

test("a file is a copy, elsewhere and of the same content, in tasks and on the driver", async () => {
  const path = write("hello/hello.txt", "Hello World!\n");
  await sc.addFile(path);
  assert.notEqual(SparkFiles.get("hello.txt"), path);
  assert.equal(await Deno.readTextFile(SparkFiles.get("hello.txt")), "Hello World!\n");
  assert.equal(await readInTask("hello.txt"), "Hello World!\n");
  const places = await sc.range(2).map(() => SparkFiles.get("hello.txt")).collect();
  assert.deepEqual(new Set(places), new Set([SparkFiles.get("hello.txt")]));
  Deno.removeSync(path);
  assert.equal(await readInTask("hello.txt"), "Hello World!\n");
  assert(sc.listFiles.includes(path));
});

test("a job that is started before a file is there waits for it", async () => {
  const path = write("late.txt", "x".repeat(5 << 20));
  const added = sc.addFile(new URL(`file://${path}`));
  assert.equal((await readInTask("late.txt")).length, 5 << 20);
  await added;
  const missing = sc.addFile(`${folder}/missing`);
  await Promise.all([
    assert.rejects(sc.range(1).count(), /missing/),
    refused(() => missing, InputError, "InputNotFound", /missing/),
  ]);
  assert.equal(await sc.range(1).count(), 1);
});

test("a folder with folders, if it is asked for", async () => {
  write("tree/hello.txt", "one");
  write("tree/sub_hello/sub.txt", "two");
  Deno.symlinkSync("hello.txt", `${folder}/tree/link.txt`);
  await refused(() => sc.addFile(`${folder}/tree`), PlanError, "InvalidArgument", /recursive/);
  await sc.addFile(`${folder}/tree`, true);
  await sc.addFile(`file://${folder}/tree`, { recursive: true });
  const texts = await Promise.all(
    ["hello.txt", "link.txt", "sub_hello/sub.txt"].map((name) => readInTask(`tree/${name}`)),
  );
  assert.deepEqual(texts, ["one", "one", "two"]);
  Deno.mkdirSync(`${folder}/round`);
  Deno.symlinkSync(".", `${folder}/round/up`);
  const round = () => sc.addFile(`${folder}/round`, true);
  await refused(round, InputError, "InvalidPath", /circle/);
});

test("a name has one content, unless spark.files.overwrite is set", async () => {
  await sc.addFile(write("a/same.txt", "first"));
  await sc.addFile(write("b/same.txt", "first"));
  const other = write("c/same.txt", "second");
  const again = () => sc.addFile(other);
  await refused(again, PlanError, "InvalidArgument", /same\.txt.*other content[\s\S]*overwrite/);
  assert.equal(await readInTask("same.txt"), "first");

  const conf = { ...quiet, "spark.files.overwrite": true };
  await using loose = new SparkContext({ master: "local[1]", conf });
  await loose.addFile(`${folder}/a/same.txt`);
  await loose.addFile(other);
  write("d/same.txt/inner.txt", "a folder");
  const read = loose.range(1).map(() => Deno.readTextFileSync(SparkFiles.get("same.txt")));
  assert.equal(await read.first(), "second");
  await loose.addFile(`${folder}/d/same.txt`, true);
  const inner = loose.range(1)
    .map(() => Deno.readTextFileSync(SparkFiles.get("same.txt/inner.txt")));
  assert.equal(await inner.first(), "a folder");
  assert.deepEqual(loose.listFiles, [`${folder}/d/same.txt`]);
});

test("a job fails before a module is added, and works after", async () => {
  const path = write("modules/triple.ts", "export const triple = (n: number): number => 3 * n;");
  const tripled = sc.range(3).mapAsync(async (n) => {
    const { triple } = await import(`file://${SparkFiles.get("triple.ts")}`);
    return triple(n) as number;
  });
  await assert.rejects(tripled.collect(), /no added file "triple\.ts"/);
  await sc.addPyFile(path);
  await sc.addModule(path);
  assert.deepEqual(await tripled.collect(), [0, 3, 6]);
});

test("refused: what is no path, no file of this machine, or has no name", async () => {
  await refused(() => sc.addFile("http://host/x"), InputError, "InvalidPath", /http:\/\//);
  await refused(() => sc.addFile(new URL("http://host/x")), PlanError, "InvalidArgument", /http/);
  await refused(() => sc.addFile(7 as never), PlanError, "InvalidArgument", /addFile.*7/);
  await refused(() => sc.addFile("/dev/null"), InputError, "InputUnsupported", /device/);
  await refused(() => sc.addFile("/", true), PlanError, "InvalidArgument", /no name/);
  for (const name of ["", 1 as never]) {
    assert.throws(() => SparkFiles.get(name), { code: "InvalidArgument" });
  }
  for (const name of ["nothing", "a\0b"]) {
    assert.throws(() => SparkFiles.get(name), { code: "InputNotFound", message: /addFile/ });
  }
  await assert.rejects(readInTask("nothing"), /no added file "nothing"/);
  await using stopped = new SparkContext({ master: "local[1]", conf: quiet });
  await stopped.stop();
  await refused(() => stopped.addFile("/x"), PlanError, "ContextStopped", /addFile/);
});

type Scripts = readonly (readonly [name: string, script: string, ...rest: unknown[]])[];

/** Archives made by Python, which can make what no program would. */
function pythonArchives(scripts: Scripts, prefix = ""): string[] {
  const paths = scripts.map(([name]) => `${folder}/${prefix}${name}`);
  const text = `import io, random, tarfile, zipfile
def zip(*entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in entries: z.writestr(name, data)
def tar(*entries, mode="w"):
    with tarfile.open(path, mode) as t:
        for name, data in entries:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
def link(name, kind):
    info = tarfile.TarInfo(name); info.type = kind; info.linkname = "/etc/passwd"; return info
${scripts.map(([, script], i) => `path = ${JSON.stringify(paths[i])}\n${script}`).join("\n")}`;
  const { code, stderr } = new Deno.Command("python3", { args: ["-W", "ignore", "-c", text] })
    .outputSync();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return paths;
}

const FILES = '("test.txt", b"100"), ("deep/er/x.txt", b"x" * 100000), ("empty", b"")';
const ARCHIVES = [
  ["data.zip", `zip(${FILES})`],
  ["data.jar", `zip(${FILES})`],
  ["data.tar", `tar(${FILES})`],
  ["data.tgz", `tar(${FILES}, mode="w:gz")`],
  ["data.tar.gz", `tar(${FILES}, mode="w:gz")`],
] as const;

test("archives of every kind, under their name or the one behind the #", async () => {
  const paths = pythonArchives(ARCHIVES);
  for (const [i, [name]] of ARCHIVES.entries()) {
    const path = paths[i]!;
    await sc.addArchive(path);
    await sc.addArchive(`${path}#other-${name}`);
    await sc.addArchive(new URL(`file://${path}#url-${name}`));
    for (const place of [name, `other-${name}`, `url-${name}`]) {
      assert.equal(await readInTask(`${place}/test.txt`), "100");
      assert.equal((await readInTask(`${place}/deep/er/x.txt`)).length, 100_000);
      assert.equal(await readInTask(`${place}/empty`), "");
    }
    assert(sc.listArchives.includes(path));
    assert(!sc.listFiles.includes(path));
  }
});

const HOSTILE = [
  ["up.zip", 'zip(("ok.txt", b"1"), ("../up.txt", b"x"))', /"\.\.\/up\.txt" has no name/],
  ["deep.tar", 'tar(("a/../../up.txt", b"x"))', /no name in a folder/],
  ["root.zip", 'zip(("/tmp/flint-root.txt", b"x"))', /no name in a folder/],
  ["root.tar", 'tar(("/tmp/flint-root.txt", b"x"))', /no name in a folder/],
  ["backslash.zip", 'zip(("..\\\\up.txt", b"x"))', /no name in a folder/],
  ["drive.zip", 'zip(("C:/up.txt", b"x"))', /no name in a folder/],
  ["twice.zip", 'zip(("a", b"1"), ("a", b"2"))', /"a" twice/],
  ["twice.tar", 'tar(("a", b"1"), ("./a", b"2"))', /"\.\/a" twice/],
  ["both.tar", 'tar(("a", b"1"), ("a/b", b"2"))', /"a\/b" twice/],
  ["soft.tar", 'tar((link("l", tarfile.SYMTYPE), b""))', /"l" is a link/],
  ["hard.tar", 'tar((link("l", tarfile.LNKTYPE), b""))', /"l" is a link/],
  ["device.tar", 'tar((link("d", tarfile.CHRTYPE), b""))', /"d" is a link or a device/],
  [
    "soft.zip",
    'i = zipfile.ZipInfo("l"); i.create_system = 3; i.external_attr = 0o120777 << 16\n' +
    'zip((i, "/etc/passwd"))',
    /"l" is a link/,
  ],
  ["bomb.zip", 'zip(*[(f"{n}", b"\\0" * 2**23) for n in range(9)])', /longer than 67108864/],
  ["bomb.tgz", 'tar(*[(f"{n}", b"\\0" * 2**23) for n in range(9)], mode="w:gz")', /longer than/],
  ["data.rar", 'open(path, "w").close()', /not that of an archive/],
] as const;

test("hostile archives are refused, and nothing of them stays", async () => {
  const before = [...Deno.readDirSync(SparkFiles.getRootDirectory())].length;
  const paths = pythonArchives(HOSTILE, "bad-");
  for (const [i, [, , message]] of HOSTILE.entries()) {
    await refused(() => sc.addArchive(paths[i]!), InputError, "InputUnsupported", message);
  }
  for (const path of ["/tmp/flint-root.txt", `${SparkFiles.getRootDirectory()}/../up.txt`]) {
    assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  }
  assert.equal([...Deno.readDirSync(SparkFiles.getRootDirectory())].length, before);
  assert.equal(await sc.range(3).count(), 3);
});

test("damaged archives are refused at every cut, and where a byte is flipped", async () => {
  const data = "data = random.Random(1).randbytes(3000)";
  const whole = pythonArchives([
    ["whole.zip", `${data}\nzip(("a.bin", data))`],
    ["whole.tar", `${data}\ntar(("a.bin", data))`],
    ["whole.tgz", `${data}\ntar(("a.bin", data), mode="w:gz")`],
  ]);
  for (const from of whole) {
    const name = from.slice(-3);
    const whole = Deno.readFileSync(from);
    const path = `${folder}/cut.${name}`;
    const cuts = [0, 10, 600, 1_500, 3_000, name === "tar" ? 3_500 : whole.length - 1];
    for (const cut of cuts) {
      Deno.writeFileSync(path, whole.subarray(0, cut));
      await refused(() => sc.addArchive(path), InputError, "CorruptInput", /cut\.\w+/);
    }
    // A plain tar has no checksum over what is in it.
    if (name === "tar") continue;
    Deno.writeFileSync(path, whole.with(1_500, whole[1_500]! ^ 1));
    await refused(() => sc.addArchive(path), InputError, "CorruptInput", /cut\.\w+/);
  }
  await refused(() => sc.addArchive(`${folder}/no.zip`), InputError, "InputNotFound", /no\.zip/);
  await refused(() => sc.addArchive(`${folder}/x.zip#`), PlanError, "InvalidArgument", /#/);
});
