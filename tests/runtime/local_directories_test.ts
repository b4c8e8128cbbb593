import assert from "node:assert/strict";
import { SparkConf } from "../../runtime/config/spark_conf.ts";
import { localDirectories, memoryMounted } from "../../runtime/local_directories.ts";

const MOUNTS = [
  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  "30 22 0:25 / /tmp rw,nosuid - tmpfs tmpfs rw",
  "31 30 8:2 / /tmp/disk rw - xfs /dev/sdb rw",
  "32 22 0:26 / /with\\040space rw shared:2 master:1 - ramfs ramfs rw",
  "33 22 8:3 / /twice rw - ext4 /dev/sdc rw",
  "35 22 8:4 / /below/disk rw - ext4 /dev/sdd rw",
  "36 22 0:28 / /below rw - tmpfs tmpfs rw",
  "34 33 0:27 / /twice rw - tmpfs tmpfs rw",
  "",
].join("\n");

Deno.test("a folder lies on the nearest mount above it, the last one at that point", () => {
  const cases: [string, boolean][] = [
    ["/", false],
    ["/home/me", false],
    ["/tmp", true],
    ["/tmp/a/b", true],
    ["/tmpfile", false],
    ["/tmp/disk/a", false],
    ["/with space/a", true],
    ["/twice/a", true],
    ["/below/disk/a", false],
  ];
  for (const [path, expected] of cases) assert.equal(memoryMounted(path, MOUNTS), expected, path);
  assert.equal(memoryMounted("/tmp", "nonsense"), false);
});

Deno.test("SPARK_LOCAL_DIRS wins over spark.local.dir, and that over the temp folder", () => {
  const conf = new SparkConf({ "spark.local.dir": "/c, d" });
  const set = (dirs: string) => (name: string) => name === "SPARK_LOCAL_DIRS" ? dirs : "/tmp";
  assert.deepEqual(localDirectories(conf, set("/a, /b")), {
    folders: ["/a", "/b"],
    warning: undefined,
  });
  assert.deepEqual(localDirectories(conf, set("")).folders, ["/c", `${Deno.cwd()}/d`]);
  assert.deepEqual(localDirectories(new SparkConf(), set("")).folders, ["/tmp"]);
});
