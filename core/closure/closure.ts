/**
 * A function as data: its text and what it took from around it, as a table of nodes.
 *
 *     const rates = new Map([["a", 1]]);
 *     const half = (x: number) => x / 2;                   nodes
 *     rdd.map((key) => half(rates.get(key)))        ─►     0 function  half ─► 1, rates ─► 2
 *                                                          1 function  (x) => x / 2
 *                                                          2 plain     Map { a → 1 }
 *
 * The table keeps identity: a value that is reached twice is one node, and cycles are edges. It is
 * plain data (core/codec/binary.ts encodes it), so a closure travels to any process and is made into
 * a function there.
 *
 *     driver   Function ── capture.ts ──► Closure      free_variables.ts, class_source.ts: its text
 *                                                      known_values.ts: what travels by its name
 *                                                      plain_data.ts: what travels as it is
 *     worker   Closure ── revive.ts ──► Function, anew for every task
 */

/** Any function or class, whatever it takes. */
// deno-lint-ignore ban-types -- both are meant
export type AnyFunction = Function;

/** The index of a node in its table. */
export type NodeIndex = number;

/** A function as data. */
export type Closure = Readonly<{
  nodes: readonly ClosureNode[];
  /** The index of the function itself. */
  root: NodeIndex;
  /**
   * Where the function was written, in the source as the user knows it: `job.ts:12:20`, below the
   * folder the driver was started in, else an absolute path.
   */
  place: string;
  /** Its name, or "" for one that has none. */
  name: string;
  /** Set where the function is written as `async`: a call gives a Promise or an AsyncGenerator. */
  async?: true;
}>;

/** A step from a piece of plain data to one inside it; in a Map or Set by the entry's position. */
export type PlainStep = string | number | Readonly<{ entry: number; part: "key" | "value" }>;

/**
 * One property: a value, with flags where they are not all set, or a getter and a setter (-1 for
 * none), always with flags. A key that is a number is the node of a symbol.
 */
export type PropertyNode =
  | readonly [key: string | NodeIndex, value: NodeIndex, flags?: number]
  | readonly [key: string | NodeIndex, get: NodeIndex, set: NodeIndex, flags: number];

/** The bits of a property's flags. */
export const PropertyFlag = { enumerable: 1, configurable: 2, writable: 4, all: 7 } as const;

/** What every object has, whatever else it is. */
export type ObjectBody = Readonly<{
  prototype: NodeIndex;
  properties: readonly PropertyNode[];
  integrity?: "frozen" | "sealed" | "fixed";
  /** Private fields, by the class that declares them, base classes first. */
  privates?: readonly (readonly [declaredBy: NodeIndex, fields: readonly PrivateField[]])[];
}>;

/** The name of a private field, without the `#`, and its value. */
export type PrivateField = readonly [name: string, value: NodeIndex];

/** A function or class by its text. */
export type FunctionNode = Readonly<{
  kind: "function";
  form: "expression" | "method" | "class";
  /** A JavaScript expression: the function, an object with the method in it, or the class. */
  source: string;
  /** The variables around it that it uses, and their values. */
  names: readonly string[];
  values: readonly NodeIndex[];
  name?: string | undefined;
  properties: readonly PropertyNode[];
  /** The `prototype` of a constructor that is no class, where something was done to it. */
  prototype?: NodeIndex | undefined;
  /** For a method that uses `super`: the prototype of the object that it was found on. */
  superObject?: NodeIndex | undefined;
  /** What `import.meta` is about. */
  moduleUrl?: string | undefined;
  /** What `import("…")` in it leads to, where that is not what is written. */
  imports?: Readonly<Record<string, string>> | undefined;
  class?: ClassPart | undefined;
  /** Where `source` begins in the script that ran: JavaScript, lines and columns from 0. */
  script: string;
  line: number;
  column: number;
}>;

/** How records know a class. */
export type ClassName = Readonly<{
  /** Its name and place: the same on the driver and in every worker. */
  id: string;
  /** Whether it or a class above it declares private fields. */
  hasPrivateFields: boolean;
}>;

/** What a class has beyond a function. */
export type ClassPart =
  & ClassName
  & Readonly<{
    superclass?: NodeIndex | undefined;
    /** The computed keys of its methods, in the order of the text. */
    keys: readonly NodeIndex[];
    /** Properties of the class's prototype that its text does not give. */
    prototypeProperties: readonly PropertyNode[];
    /** Private static fields. */
    privates: readonly PrivateField[];
  }>;

/** One value of a closure. */
export type ClosureNode =
  /** A primitive, or a tree of plain objects that nothing else refers to. */
  | Readonly<{ kind: "plain"; value: unknown }>
  /** Something inside a `plain` node. */
  | Readonly<{ kind: "inside"; of: NodeIndex; path: readonly PlainStep[] }>
  /** -0, which number formats tend to lose. */
  | Readonly<{ kind: "negativeZero" }>
  | Readonly<{
    kind: "symbol";
    of: "registry" | "wellKnown" | "none";
    name: string | undefined;
  }>
  /** What every isolate has: the way to it from `globalThis` (core/closure/global_values.ts). */
  | Readonly<{ kind: "global"; path: readonly string[]; accessor?: "get" | "set" }>
  /** An export of a module that the worker imports; "*" is the module. `member` is a property of it. */
  | Readonly<{
    kind: "import";
    specifier: string;
    name: string;
    member?: string;
    class?: ClassName;
  }>
  /** An export of a module that the worker has: Flint's own. */
  | Readonly<{ kind: "provided"; module: string; name: string; class?: ClassName }>
  /** Something that the worker has its own form of, such as a broadcast variable. */
  | Readonly<{ kind: "token"; token: unknown }>
  | Readonly<{ kind: "object" | "error"; body: ObjectBody }>
  /** -1 is a hole. Properties that are no ordinary elements are in the body. */
  | Readonly<{ kind: "array"; elements: readonly NodeIndex[]; body: ObjectBody }>
  | Readonly<
    { kind: "map"; entries: readonly (readonly [NodeIndex, NodeIndex])[]; body: ObjectBody }
  >
  | Readonly<{ kind: "set"; members: readonly NodeIndex[]; body: ObjectBody }>
  | Readonly<{ kind: "date"; timeMs: number; body: ObjectBody }>
  | Readonly<{
    kind: "regexp";
    source: string;
    flags: string;
    lastIndex: number;
    body: ObjectBody;
  }>
  /** `new String("x")` and its like. */
  | Readonly<{ kind: "boxed"; value: NodeIndex; body: ObjectBody }>
  | Readonly<{ kind: "buffer"; bytes: Uint8Array; shared: boolean; bytesMax?: number }>
  | Readonly<{
    kind: "view";
    type: string;
    buffer: NodeIndex;
    offsetBytes: number;
    length: number;
    prototype: NodeIndex;
  }>
  /** A value of the platform that is made again from arguments: URL, TextDecoder, Intl.*, Temporal.*. */
  | Readonly<{
    kind: "rebuilt";
    path: readonly string[];
    by: "new" | "from";
    arguments: readonly unknown[];
  }>
  | Readonly<{ kind: "prototypeOf"; owner: NodeIndex }>
  | Readonly<{
    kind: "bound";
    target: NodeIndex;
    thisValue: NodeIndex;
    arguments: readonly NodeIndex[];
    name: string;
  }>
  | FunctionNode;
