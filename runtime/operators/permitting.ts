/** What the user lets tasks do, checked where it is said. */
import { resolve } from "node:path";
import { PlanError, shown } from "../../core/errors.ts";
import {
  flawOf,
  GRANT_NAMES,
  type GrantName,
  mergedGrants,
  PERMITTED_ACTS,
} from "../../core/grants.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { didYouMean } from "../did_you_mean.ts";
import type { Driver } from "../driver.ts";
import { pathOf } from "./sources.ts";

const OPERATOR = "withPermissions";

/**
 * What {@linkcode RDD.withPermissions} lets tasks do, by Deno's names: `true` allows all of a kind,
 * a list what is in it, and what is not named stays refused.
 *
 * `run` and `ffi` are a way around all the others: a program or a native library may do what the user
 * may. There is no `import`: executors load no code that the program itself has not loaded.
 */
export type TaskPermissions = Readonly<{
  /** Files and folders, with all that is in them. */
  read?: boolean | readonly (string | URL)[] | undefined;
  /** Likewise, for writing. */
  write?: boolean | readonly (string | URL)[] | undefined;
  /** Hosts, with a port or without: `api.example`, `127.0.0.1:8080`, `[::1]:80`, `*.example`. */
  net?: boolean | readonly string[] | undefined;
  /** Environment variables, `AWS_*` for all that begin so. */
  env?: boolean | readonly string[] | undefined;
  /** Programs by name or by path, that functions start themselves; `pipe` needs none. */
  run?: boolean | readonly (string | URL)[] | undefined;
  /** Native libraries and Node's addons, by path. */
  ffi?: boolean | readonly (string | URL)[] | undefined;
  /** What may be asked of the system, such as `hostname`. */
  sys?: boolean | readonly string[] | undefined;
}>;

export function withPermissions(data: Dataset, permissions: unknown): Dataset {
  if (typeof permissions !== "object" || permissions === null || Array.isArray(permissions)) {
    throw invalid(`permissions is ${shown(permissions)}`, EXAMPLE);
  }
  const grants = Object.entries(permissions).map(([name, allowed]) => {
    const known = nameOf(name);
    return { [known]: granted(known, allowed, data.driver) };
  });
  return data.permitted(new CallSite(OPERATOR), mergedGrants(grants));
}

const EXAMPLE = 'Pass what is allowed by its kind, as in { net: ["api.example:443"] }';

function nameOf(name: string): GrantName {
  if (GRANT_NAMES.includes(name as GrantName)) return name as GrantName;
  throw invalid(
    `there is no permission ${shown(name)}${didYouMean(name, GRANT_NAMES)}`,
    name === "import"
      ? "Executors load no code but the program's own: import it where the job begins"
      : `Use ${GRANT_NAMES.join(", ")}`,
  );
}

function granted(name: GrantName, allowed: unknown, driver: Driver): "all" | readonly string[] {
  if (allowed === undefined || allowed === false) return [];
  if (allowed === true) {
    refuseDenied(name, undefined, driver);
    return "all";
  }
  if (!Array.isArray(allowed)) {
    const cure = typeof allowed === "string"
      ? `Pass a list: ${name}: [${shown(allowed)}]`
      : "Use true for all of the kind, or a list of texts";
    throw invalid(`${name} is ${shown(allowed)}`, cure);
  }
  return allowed.map((value: unknown) => {
    const text = valueOf(name, value);
    refuseDenied(name, text, driver);
    return text;
  });
}

/** One value of a list; paths are made absolute, because tasks may change to another folder. */
function valueOf(name: GrantName, value: unknown): string {
  const isPath = name === "read" || name === "write" || name === "ffi" || name === "run";
  const text = isPath && value instanceof URL ? pathOf(value, OPERATOR) : value;
  if (typeof text !== "string") {
    throw invalid(
      `${name} has ${shown(value)} in its list`,
      "Use texts; for paths also file: URLs",
    );
  }
  const flaw = flawOf(name, text);
  if (flaw !== undefined) {
    throw invalid(`${name} has ${shown(text)} in its list, which is ${flaw}`, EXAMPLE);
  }
  // A program without a slash is looked for where the system has its programs.
  return isPath && (name !== "run" || text.includes("/")) ? resolve(text) : text;
}

function invalid(what: string, cure: string): PlanError {
  return new PlanError("InvalidArgument", `Cannot call ${OPERATOR}(): ${what}`, cure);
}

/** What the program itself may not do, its tasks may not either. */
function refuseDenied(name: GrantName, value: string | undefined, driver: Driver): void {
  if (driver.isGranted(name, value)) return;
  const act = value === undefined ? `all of "${name}"` : `${PERMITTED_ACTS[name]} ${shown(value)}`;
  throw new PlanError(
    "PermissionDenied",
    `Cannot call ${OPERATOR}(): ${act} was not granted to this program itself`,
    `Start it with --allow-${name}${value === undefined ? "" : `=${value}`}`,
  );
}
