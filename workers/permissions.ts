/**
 * Who may do what: grants as permissions of a worker and as flags of a process.
 *
 *     flint.allow.net = "db:9042"      what the user says for the whole job
 *       │ parseGrants
 *       ▼
 *     Grants of a stage ──► workerPermissions   the Web Worker that runs its tasks: its own folders
 *                                               and the grants
 *     PROCESS_FLAGS                             the executor around it: our code only
 *
 * A worker can never do more than its process, and what stages to come will be granted is not known
 * when a process starts. So a process may do everything: it starts the programs of pipe(), and who may
 * do that may do the rest by it. Nothing is ever asked: what is not granted is refused.
 */
import { ConfigError, shown } from "../core/errors.ts";
import { flawOf, GRANT_NAMES, type GrantName, type Grants, mergedGrants } from "../core/grants.ts";

/** What a worker is given, by the name of the permission: all, nothing or a list. */
export type WorkerPermissions = Readonly<
  Record<GrantName, boolean | readonly string[]> & { import: readonly string[] }
>;

/**
 * Grants from the texts of `flint.allow.*`: "" is nothing, "*" is all, else a list with commas.
 * Throws a ConfigError for a value in a list that is none, such as an empty one.
 */
export function parseGrants(texts: Readonly<Partial<Record<GrantName, string>>>): Grants {
  const grants = GRANT_NAMES.map((name) => [name, parseGrant(name, texts[name] ?? "")]);
  return mergedGrants([Object.fromEntries(grants)]);
}

function parseGrant(name: GrantName, text: string): "all" | readonly string[] {
  const trimmed = text.trim();
  if (trimmed === "*") return "all";
  if (trimmed === "") return [];
  const values = trimmed.split(",").map((part) => part.trim());
  for (const value of values) {
    const flaw = value === "*" ? "all, in a list" : flawOf(name, value);
    if (flaw === undefined) continue;
    throw new ConfigError(
      "InvalidConfig",
      `Cannot understand flint.allow.${name}=${text}: ${shown(value)} is ${flaw}`,
      'Give a list with commas such as "a,b", "*" for all, or nothing',
    );
  }
  return values;
}

/** The permissions of a worker: its grants, reading `folders`, reading and writing `ownFolders`. */
export function workerPermissions(
  grants: Grants,
  folders: readonly string[],
  ownFolders: readonly string[],
): WorkerPermissions {
  const given = (name: GrantName, always: readonly string[] = []) => {
    const grant = grants[name] ?? [];
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

/** What an executor's process may do. */
export const PROCESS_FLAGS: readonly string[] = ["--no-prompt", "--allow-all"];
