/**
 * Where in the user's program an operator was called: `reduceByKey at job.ts:11:4`.
 *
 * Taking a stack costs a microsecond, reading it a hundred (Deno maps every frame back to TypeScript).
 * So it is taken where the operator is called and read when somebody looks.
 */

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
