/** Records as lines through a program. */
import { PlanError, shown } from "../../core/errors.ts";
import type { PipeCommand } from "../../core/plan/ops.ts";
import type { PipeOptions } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import { shellWords } from "../command_line.ts";
import type { Dataset } from "../dataset.ts";

/** `envOrOptions` and `checkCode`: PySpark's positional form, or the options in its place. */
export function pipe(
  data: Dataset,
  command: string | readonly string[],
  envOrOptions: unknown,
  checkCode: unknown,
): Dataset {
  const options = isOptions(envOrOptions)
    ? envOrOptions
    : { env: envOrOptions ?? undefined, checkCode: checkCode ?? undefined };
  const checked = {
    argv: argumentsOf(command),
    env: environment(options.env ?? {}),
    checkCode: flag(options.checkCode ?? false),
  };
  refuseDenied(data, checked);
  return data.narrow(new CallSite("pipe"), { kind: "pipe", fn: lineOf, command: checked });
}

/** The line that a record is. Ends of lines at its end go, one is put in their place. */
function lineOf(record: unknown): string {
  const text = String(record);
  let end = text.length;
  while (text[end - 1] === "\n") end--;
  return text.slice(0, end);
}

/** An environment holds texts, so it cannot be mistaken for options. */
function isOptions(value: unknown): value is PipeOptions {
  if (typeof value !== "object" || value === null) return false;
  const { env, checkCode } = value as Record<string, unknown>;
  return typeof env === "object" || typeof checkCode === "boolean";
}

function argumentsOf(command: unknown): PipeCommand["argv"] {
  const words = typeof command === "string" ? shellWords(command) : command;
  const isList = Array.isArray(words) && words.every(isText);
  if (isList && words.length > 0 && words[0] !== "") {
    return [...words] as readonly string[] as PipeCommand["argv"];
  }
  throw invalid(
    `command is ${shown(command)}`,
    'Pass a program and its arguments: "grep -c x", or ["grep", "-c", "x"]',
  );
}

function environment(env: unknown): Readonly<Record<string, string>> {
  if (typeof env !== "object" || env === null) {
    throw invalid(`env is ${shown(env)}`, "Pass an object of texts");
  }
  for (const [name, value] of Object.entries(env)) {
    if (name !== "" && !name.includes("=") && isText(name) && isText(value)) continue;
    throw invalid(
      `the variable ${shown(name)} of env is ${shown(value)}`,
      'Pass an object of texts, such as { LANG: "C" }',
    );
  }
  return { ...env } as Record<string, string>;
}

/** No argument and no variable of a program can hold a NUL. */
function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

function flag(checkCode: unknown): boolean {
  if (typeof checkCode === "boolean") return checkCode;
  throw invalid(`checkCode is ${shown(checkCode)}`, "Use true or false");
}

function invalid(what: string, cure: string): PlanError {
  return new PlanError("InvalidArgument", `Cannot call pipe(): ${what}`, cure);
}

/** What the program itself may not run, its tasks do not run for it. */
function refuseDenied({ driver }: Dataset, { argv: [program] }: PipeCommand): void {
  if (driver.isGranted("run", program)) return;
  throw new PlanError(
    "PermissionDenied",
    `Cannot call pipe(): running ${shown(program)} was not granted to this program`,
    `Start it with --allow-run=${program}`,
  );
}
