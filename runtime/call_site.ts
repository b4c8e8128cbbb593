/**
 * Where in the user's program an operator was called: `reduceByKey at job.ts:11:4`.
 *
 * Taking a stack costs a microsecond, reading it a hundred (Deno maps every frame back to TypeScript).
 * So it is taken where the operator is called and read when somebody looks.
 */
import { CancelledError, FlintError, InvariantError } from "../core/errors.ts";
import type { UserFunction } from "../core/plan/plan.ts";

/** An operator and where it was called; the text is made when it is first asked for. */
export class CallSite {
  readonly operator: string;
  readonly #trace: { stack?: string } = {};
  #text: string | undefined;

  constructor(operator: string) {
    this.operator = operator;
    Error.captureStackTrace(this.#trace, CallSite);
  }

  /** `reduceByKey at job.ts:11:4`; only the operator where the stack shows nothing of the user's. */
  get text(): string {
    if (this.#text === undefined) {
      const place = userPlace(this.#trace.stack ?? "");
      this.#text = place === undefined ? this.operator : `${this.operator} at ${place}`;
      delete this.#trace.stack;
    }
    return this.#text;
  }
}

/**
 * Hands a result on. An error of ours that comes instead shows where the user awaits it, and nothing
 * of what lies between: the stack begins with the user's own line. A bug's stack stays as it is, and
 * so does what a signal was aborted with.
 */
export async function awaited<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    showAwaiting(error, awaited);
    throw error;
  }
}

/** The same for each value of an iteration. */
export async function* awaitedEach<T>(results: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* results;
  } catch (error) {
    showAwaiting(error, awaitedEach);
    throw error;
  }
}

/** `outermost`: the last function of ours; what awaits it is the user's. */
function showAwaiting(error: unknown, outermost: UserFunction): void {
  if (!(error instanceof FlintError)) return;
  if (error instanceof InvariantError || error instanceof CancelledError) return;
  Error.captureStackTrace(error, outermost);
}

const HOME = new URL("../", import.meta.url).href;
/** Modules of Flint itself; examples, benchmarks and tests beside them are users. */
const OWN = /^(core|io|shuffle|workers|spark|runtime|cli)\/[^$#]*$|^(mod|submit)\.ts$/;

/** `file:line:column` of the first frame of a stack that lies outside of Flint. */
export function userPlace(stack: string): string | undefined {
  for (const line of stack.split("\n")) {
    const frame = /^\s*at .*?\(?([a-z][a-z0-9+.-]*:[^()]+):(\d+):(\d+)\)?$/.exec(line);
    if (frame === null) continue;
    const [, module, row, column] = frame;
    if (module!.startsWith("ext:") || module!.startsWith("node:")) continue;
    if (module!.startsWith(HOME) && OWN.test(module!.slice(HOME.length))) continue;
    return `${fileName(module!)}:${row}:${column}`;
  }
  return undefined;
}

function fileName(module: string): string {
  const last = module.slice(module.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
