/**
 * What tasks may do beyond their own folders, as data: by the name of the permission all of its
 * kind, or a list of values. What is not named is refused.
 *
 *     --allow-net=db:9042                          for every stage of the job ┐
 *     rdd.withPermissions({ net: ["api:443"] })    for the RDD's stage        ┴► net=api:443,db:9042
 *
 * Grants are compared, so all that this file makes has one form: no empty list, each value once and
 * in order, the permissions as `GRANT_NAMES` has them.
 */

/** A permission of Deno's but `import`: executors load no code that the program has not loaded. */
export type GrantName = "read" | "write" | "net" | "env" | "run" | "ffi" | "sys";

export const GRANT_NAMES: readonly GrantName[] = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "ffi",
  "sys",
];

/** What is granted, by the name of the permission; `"all"`: everything of its kind. */
export type Grants = Readonly<Partial<Record<GrantName, "all" | readonly string[]>>>;

export const NO_GRANTS: Grants = {};

/** What any of them grants. */
export function mergedGrants(all: readonly Grants[]): Grants {
  const merged: Partial<Record<GrantName, "all" | readonly string[]>> = {};
  for (const name of GRANT_NAMES) {
    const granted = all.map((grants) => grants[name] ?? []);
    const values = granted.includes("all") ? "all" : [...new Set(granted.flat())].sort();
    if (values.length > 0) merged[name] = values;
  }
  return merged;
}

/** Whether both grant the same; merged, each of them. */
export function areSameGrants(a: Grants, b: Grants): boolean {
  // Not as text for people: a value may hold a comma or a blank.
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** As flags, without their dashes: `read=/data net` for a folder and all hosts. */
export function grantsText(grants: Grants): string {
  return GRANT_NAMES.flatMap((name) => {
    const values = grants[name];
    if (values === undefined) return [];
    return [values === "all" ? name : `${name}=${values.join(",")}`];
  }).join(" ");
}

/** What code does that needs a permission, told before the value that it needs it for. */
export const PERMITTED_ACTS: Readonly<Record<GrantName | "import", string>> = {
  read: "reading",
  write: "writing",
  net: "network access to",
  env: "reading the environment variable",
  run: "running",
  ffi: "loading the native library",
  sys: "asking the system for",
  import: "importing from",
};

/** Why a value cannot be granted, as what follows "it is"; undefined where it can. */
export function flawOf(name: GrantName, value: string): string | undefined {
  if (value === "") return "empty";
  if (value.includes("\0")) return "no text that a system call takes: it has a NUL";
  switch (name) {
    case "net":
      return hostFlaw(value);
    case "sys":
      return SYSTEM_FACTS.has(value) ? undefined : `none of ${[...SYSTEM_FACTS].join(", ")}`;
    case "read":
    case "write":
    case "env":
    case "run":
    case "ffi":
      return undefined;
  }
}

/** All that Deno 2.9 knows by such a name. */
const SYSTEM_FACTS: ReadonlySet<string> = new Set([
  ...["hostname", "osRelease", "osUptime", "loadavg", "networkInterfaces", "systemMemoryInfo"],
  ...["uid", "gid", "cpus", "homedir", "getegid", "username", "statfs", "getPriority"],
  ...["setPriority", "userInfo", "umask", "inspector", "ca"],
  ...["setuid", "setgid", "seteuid", "setegid"],
]);

/** A name (`*.` before it: of its domain), an IPv4 range or an IPv6 address in brackets; then a port. */
const HOST =
  /^(?:(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?|(?:\d+\.){3}\d+\/(?:[12]?\d|3[0-2])|\[[\da-f:.]+\])(?::\d+)?$/i;

/** Stricter than Deno where it would take for a name what can be none. */
function hostFlaw(value: string): string | undefined {
  if (value.startsWith("unix:/")) return undefined;
  if (value.includes("://")) return "an address with a protocol: give the host, such as api:443";
  const isHost = HOST.test(value) && URL.canParse(`http://${value.replace(/\/\d+/, "")}`);
  return isHost ? undefined : "no host: give a name or an address, and a port after a colon";
}
