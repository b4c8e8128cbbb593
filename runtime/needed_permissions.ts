/**
 * What the process of a program must be allowed, so that a context can be made in it. Asked for
 * before anything is done: who starts it with few permissions hears of all that it lacks at once.
 */
import { PlanError, shown } from "../core/errors.ts";
import { GRANT_NAMES, type GrantName, PERMITTED_ACTS } from "../core/grants.ts";
import { isGranted } from "./own_permissions.ts";

/** `isListed`: the flag takes a list that has the value. `asked`: what is asked for in its place. */
type Need = Readonly<{ name: GrantName; value: string; asked?: string; isListed: boolean }>;

/**
 * Throws a PlanError (PermissionDenied) that names all that is missing, and the flags that grant it.
 * `folders`: where shuffle and spill files go.
 */
export function refuseMissing(folders: readonly string[]): void {
  const missing = needs(folders).filter(({ name, value, asked = value }) =>
    !isGranted(name, asked)
  );
  if (missing.length === 0) return;
  const acts = missing.map(({ name, value }) => `${PERMITTED_ACTS[name]} ${shown(value)}`);
  throw new PlanError(
    "PermissionDenied",
    `Cannot make a SparkContext: this program was not granted ${acts.join(", ")}`,
    `Start it with ${flagsFor(missing)}, or with -A`,
  );
}

function needs(folders: readonly string[]): Need[] {
  const inFolders = (name: "read" | "write") =>
    // A folder in which --deny-… names something else will do.
    folders.map((value): Need => ({ name, value, asked: `${value}/flint`, isListed: true }));
  return [
    ...inFolders("read"),
    ...inFolders("write"),
    // Executors call the driver at a path that is new each time.
    { name: "net", value: `unix:${folders[0]}/socket`, isListed: false },
    // Their program.
    { name: "run", value: Deno.execPath(), isListed: true },
    // What functions close over is read through it; Deno 2.9 knows the name, but not in this flag.
    { name: "sys", value: "inspector", isListed: false },
  ];
}

function flagsFor(missing: readonly Need[]): string {
  return GRANT_NAMES.flatMap((name) => {
    const needed = missing.filter((need) => need.name === name);
    if (needed.length === 0) return [];
    const list = needed.filter(({ isListed }) => isListed).map(({ value }) => value).join(",");
    return [list === "" ? `--allow-${name}` : `--allow-${name}=${list}`];
  }).join(" ");
}
