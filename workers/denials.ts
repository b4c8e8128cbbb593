/**
 * Refusals of the runtime, known by the words that it has for them: Deno 2.9 gives neither the
 * permission nor the value as a field.
 *
 *     Requires net access to "db:9042", run again with the --allow-net flag
 *              ▼              ▼
 *     { permission: "net", value: "db:9042", message: what was not granted, and how it can be }
 */
import type { FailureReport } from "../core/errors.ts";
import { GRANT_NAMES, type GrantName, type Grants, PERMITTED_ACTS } from "../core/grants.ts";

/** What was not granted to a task. */
export type Denial = Readonly<{
  /** By Deno's name; two with a blank between them; `all` where it takes every permission there is. */
  permission: string;
  /** "" where it was no value that was refused. */
  value: string;
  message: string;
}>;

/** What was not granted, if that is why somebody threw. */
export function denialIn(report: FailureReport): Denial | undefined {
  for (let at: FailureReport | undefined = report; at !== undefined; at = at.cause) {
    for (const [wording, denial] of WORDINGS) {
      const match = wording.exec(at.message);
      if (match !== null) return denial(match[1] ?? "", match[2]);
    }
  }
  return undefined;
}

const WORDINGS: readonly [RegExp, (first: string, second: string | undefined) => Denial][] = [
  [
    // Without a value: all of the kind, or the folder of temporary files.
    /^Requires (\w+) access(?: to (?:"(.*)"|<\w+>))?, run again with the --allow-\w+ flag/s,
    (name, value) =>
      GRANT_NAMES.includes(name as GrantName)
        ? granted(name as GrantName, value)
        : ungrantable(name, value),
  ],
  [
    /^Requires --allow-run permissions to spawn subprocess with (.+) environment variables?\./s,
    (variables) =>
      denial("run", "", `running a program with a value for ${variables}`, grant({ run: "all" })),
  ],
  [
    /^Deno\.symlink(?:Sync)?\(\) requires unscoped --allow-read and --allow-write permissions/,
    () => denial("read write", "", "making symbolic links", grant({ read: "all", write: "all" })),
  ],
  [
    /^Can't escalate parent thread permissions/,
    () =>
      denial(
        "all",
        "",
        "a worker that may do more than its task",
        "Grant to this stage by .withPermissions() what its workers may do, or give them less",
      ),
  ],
  // Node's lookup of a name, which hides the refusal behind a code of the system.
  [/^getaddrinfo EPERM (.+)/s, (host) => granted("net", host)],
];

function denial(permission: string, value: string, what: string, cure: string): Denial {
  return { permission, value, message: `${what} was not granted\n  ${cure}` };
}

function granted(name: GrantName, value: string | undefined): Denial {
  if (value === undefined) return denial(name, "", `${name} access`, grant({ [name]: "all" }));
  const what = `${PERMITTED_ACTS[name]} ${JSON.stringify(value)}`;
  return denial(name, value, what, grant({ [name]: [value] }));
}

/** What no grant allows: `import`, and what Deno gives to nobody but who may do everything. */
function ungrantable(name: string, value = ""): Denial {
  const act = name === "import" ? PERMITTED_ACTS.import : `${name} access to`;
  const cure = name === "import"
    ? "Tasks load no code but the program's own: import it where the job begins"
    : "No task is granted everything: do it in the program, and hand on to functions what it gives";
  return denial(name, value, `${act} ${JSON.stringify(value)}`, cure);
}

/** Both ways to grant it. */
function grant(grants: Grants): string {
  const allowed = Object.entries(grants);
  const stage = allowed.map(([name, values]) =>
    `${name}: ${values === "all" ? "true" : JSON.stringify(values)}`
  );
  const flags = allowed.map(([name, values]) =>
    values === "all" ? `--allow-${name}` : `--allow-${name}=${values}`
  );
  return `Grant it to this stage by .withPermissions({ ${stage.join(", ")} }), ` +
    `or to the whole job by ${flags.join(" ")}`;
}
