/**
 * Who may do what: the application's grants as permissions of a worker and as flags of a process.
 *
 *     flint.allow.net = "db:9042"      what the user says
 *       │ parseGrants
 *       ▼
 *     Grants ──► workerPermissions     the Web Worker that runs tasks: its own folders and the grants
 *            └─► processFlags          the executor around it: our code only, which reads inputs and
 *                                      writes outputs for the tasks and runs the programs of
 *                                      pipe(), and may do no more than they may where nothing of
 *                                      ours needs it (env, ffi, sys, net)
 *
 * A worker can never do more than its process. Nothing is ever asked: what is not granted is refused.
 */
import { ConfigError } from "../core/errors.ts";
import type { GrantName, Grants } from "./protocol.ts";

export const GRANT_NAMES: readonly GrantName[] = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "ffi",
  "sys",
];

/** What a worker is given, by the name of the permission: all, nothing or a list. */
export type WorkerPermissions = Readonly<
  Record<GrantName, boolean | readonly string[]> & { import: readonly string[] }
>;

/** Nothing beyond a worker's own folders. */
export const NO_GRANTS: Grants = {
  read: [],
  write: [],
  net: [],
  env: [],
  run: [],
  ffi: [],
  sys: [],
};

/**
 * Grants from the texts of `flint.allow.*`: "" is nothing, "*" is all, else a list with commas.
 * Throws a ConfigError for a name in a list that is empty.
 */
export function parseGrants(texts: Readonly<Partial<Record<GrantName, string>>>): Grants {
  const grants = GRANT_NAMES.map((name) => [name, parseGrant(name, texts[name] ?? "")]);
  return Object.fromEntries(grants) as Grants;
}

function parseGrant(name: GrantName, text: string): "all" | readonly string[] {
  const trimmed = text.trim();
  if (trimmed === "*") return "all";
  if (trimmed === "") return [];
  const names = trimmed.split(",").map((part) => part.trim());
  if (names.some((part) => part === "" || part === "*" || part.includes("\0"))) {
    throw new ConfigError(
      "InvalidConfig",
      `Cannot understand flint.allow.${name}=${text}`,
      'Give a list with commas such as "a,b", "*" for all, or nothing',
    );
  }
  return names;
}

/** The permissions of a worker: its grants, reading `folders`, reading and writing `ownFolders`. */
export function workerPermissions(
  grants: Grants,
  folders: readonly string[],
  ownFolders: readonly string[],
): WorkerPermissions {
  const given = (name: GrantName, always: readonly string[] = []) => {
    const grant = grants[name];
    return grant === "all" ? true : [...always, ...grant];
  };
  return {
    read: given("read", [...folders, ...ownFolders]),
    write: given("write", ownFolders),
    net: given("net"),
    env: given("env"),
    run: given("run"),
    ffi: given("ffi"),
    sys: given("sys"),
    import: [],
  };
}

/** The flags of an executor's process, which talks to the driver through the socket at that path. */
export function processFlags(grants: Grants, socketPath: string): readonly string[] {
  const flags = ["--no-prompt", "--allow-read", "--allow-write", "--allow-run"];
  flags.push(
    grants.net === "all"
      ? "--allow-net"
      : `--allow-net=${[`unix:${socketPath}`, ...grants.net].map(escaped).join(",")}`,
  );
  for (const name of ["env", "ffi", "sys"] as const) {
    const grant = grants[name];
    if (grant === "all") flags.push(`--allow-${name}`);
    else if (grant.length > 0) flags.push(`--allow-${name}=${grant.map(escaped).join(",")}`);
  }
  return flags;
}

/** A comma in a name is written twice in a flag. */
function escaped(name: string): string {
  return name.replaceAll(",", ",,");
}
