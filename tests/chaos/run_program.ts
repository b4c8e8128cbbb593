/** Runs a program of chaos in a process of its own, and reads its result. */
import { fileURLToPath } from "node:url";
import { descendants, kill } from "./processes.ts";
import { type Result, resultOf } from "./result.ts";

/** A program ends itself at its own limit; this is for one whose loop spins and cannot. */
const LIMIT_SECONDS = 3600;

/** What a program prints to its stderr goes to ours. Throws where it ends without a result. */
export async function runProgram(
  name: string,
  words: readonly string[],
  limitSeconds = LIMIT_SECONDS,
): Promise<Result> {
  const path = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path, ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const end = () => kill([...descendants(child.pid), child.pid]);
  const timer = setTimeout(end, limitSeconds * 1000);
  const { code, signal, stdout } = await child.output();
  clearTimeout(timer);
  const text = new TextDecoder().decode(stdout);
  const result = resultOf(text);
  if (result !== undefined) return result;
  throw new Error(`${name} ended with ${signal ?? code} and without a result:\n${text}`);
}
