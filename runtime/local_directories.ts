/**
 * Where shuffle and spill files go: `SPARK_LOCAL_DIRS`, else `spark.local.dir`, each of which may
 * name several folders on several disks; else the temp folder.
 */
import { resolve } from "node:path";
import type { SparkConf } from "./config/spark_conf.ts";

const MOUNTS = "/proc/self/mountinfo";

/** The folders, as absolute paths, and what the user should know about them. */
export type LocalDirectories = Readonly<
  { folders: readonly string[]; warning: string | undefined }
>;

/** The directories of `conf`; `environment` reads a variable. */
export function localDirectories(
  conf: SparkConf,
  environment: (variable: string) => string | undefined = readEnvironment,
): LocalDirectories {
  const named = splitList(environment("SPARK_LOCAL_DIRS")) ?? conf.getList("spark.local.dir");
  if (named !== undefined && named.length > 0) {
    return { folders: named.map((folder) => resolve(folder)), warning: undefined };
  }
  const folder = resolve(environment("TMPDIR") || "/tmp");
  const warning = liesInMemory(folder)
    ? `Spilled data would fill the memory: ${folder} lies in it (tmpfs). ` +
      "Set SPARK_LOCAL_DIRS or spark.local.dir to a folder on a disk"
    : undefined;
  return { folders: [folder], warning };
}

/** A variable of the environment; undefined where it may not be read. */
function readEnvironment(variable: string): string | undefined {
  const permission = Deno.permissions.querySync({ name: "env", variable });
  return permission.state === "granted" ? Deno.env.get(variable) : undefined;
}

function splitList(list: string | undefined): string[] | undefined {
  const parts = list?.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return parts === undefined || parts.length === 0 ? undefined : parts;
}

/** Whether a folder is on a file system without a disk. False where nobody can say. */
function liesInMemory(folder: string): boolean {
  // Only asked for, never prompted for: without the permission nobody can say.
  const mayRead = (path: string) =>
    Deno.permissions.querySync({ name: "read", path }).state === "granted";
  if (Deno.build.os !== "linux" || !mayRead(folder) || !mayRead(MOUNTS)) return false;
  try {
    return memoryMounted(Deno.realPathSync(folder), Deno.readTextFileSync(MOUNTS));
  } catch {
    return false;
  }
}

/**
 * The same, told from the text of /proc/self/mountinfo:
 *
 *     36 35 98:0 /root /mount/point rw,noatime master:1 - tmpfs source options
 */
export function memoryMounted(path: string, mountInfo: string): boolean {
  let type = "";
  let longest = -1;
  for (const line of mountInfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const point = before?.split(" ")[4]?.replace(/\\(\d{3})/g, (_, octal) => {
      return String.fromCharCode(parseInt(octal, 8));
    });
    if (point === undefined || after === undefined || point.length < longest) continue;
    const isAbove = point === "/" || path === point || path.startsWith(`${point}/`);
    if (!isAbove) continue;
    // Of two mounts at one point the later one hides the earlier.
    longest = point.length;
    type = after.split(" ")[0]!;
  }
  return type === "tmpfs" || type === "ramfs";
}
