/**
 * What capturing may ask of the runtime about values of the program: what the language itself does
 * not show. runtime/inspector.ts implements it with V8's inspector.
 */

/** The variables of one scope around a function, innermost scopes first. Reading one may throw. */
export type VariableScope = Readonly<{
  kind: "module" | "global" | "other";
  variables: Readonly<Record<string, unknown>>;
}>;

/** What can be known of a function. */
export type FunctionInfo = Readonly<{
  /** The script it comes from; undefined for native functions. */
  scriptId?: string | undefined;
  /** Where the engine says it begins in the script that ran: lines and columns from 0. */
  line: number;
  column: number;
  scopes: readonly VariableScope[];
  /** Set where the function was made by `bind`. */
  bound?:
    | Readonly<{ target: unknown; thisValue: unknown; arguments: readonly unknown[] }>
    | undefined;
}>;

/** What an object is made of, which no prototype and no `toStringTag` can hide. */
export type Brand =
  | "ordinary"
  | "arguments"
  | "array"
  | "boxed"
  | "buffer"
  | "date"
  | "error"
  | "generator"
  | "iterator"
  | "map"
  | "namespace"
  | "promise"
  | "proxy"
  | "regexp"
  | "set"
  | "sharedBuffer"
  | "view"
  | "weak";

export interface Inspector {
  functionInfo(fn: object): FunctionInfo;
  /** The private fields of an object or, static ones, of a class: names without `#`, base classes first. */
  privateFields(object: object): readonly (readonly [name: string, value: unknown])[];
  /** The address of a script; "" for text that has none, undefined where the runtime does not know it. */
  scriptUrl(scriptId: string): string | undefined;
  /** The text of a script as it ran. Asking for the first one is dear (about 50 ms). */
  scriptSource(scriptId: string): string | undefined;
  /** Where a function was written, as the user knows it: `job.ts:12:20`. */
  place(fn: object): string;
  brand(value: object): Brand;
  isProxy(value: object): boolean;
  /**
   * The address of what an import in the module at `base` leads to: `file:` for the user's own
   * modules, and `npm:name@version/sub`, `jsr:`, `node:` or `https:` for all else, whatever alias the
   * import was written with.
   */
  resolve(specifier: string, base: string): string;
  /** The modules that are part of the runtime, such as `node:crypto`, with their exports. */
  systemModules(): Iterable<readonly [specifier: string, exports: object]>;
}
