/**
 * Why a function cannot travel, told so that it can be mended: the function's place, the way to what
 * stands in the way, what that is and the cure.
 *
 *     Cannot ship the function at job.ts:12:20: it uses "save", which uses "config.db", which is a Deno.TcpConn
 *       Open it inside mapPartitions(), where it lives in the worker
 */
import { ClosureError } from "../errors.ts";

/** How a value was reached from the function: a variable it uses, then properties, then variables… */
export type Way = Readonly<{ from: Way | undefined; kind: "variable" | "property"; text: string }>;

/** One step further, to a variable that a function uses. */
export function variableWay(from: Way | undefined, name: string): Way {
  return { from, kind: "variable", text: name };
}

/** One step further, to a property. */
export function propertyWay(from: Way | undefined, key: PropertyKey): Way {
  const text = typeof key === "string" && /^[\p{ID_Start}$_#][\p{ID_Continue}$]*$/u.test(key)
    ? `.${key}`
    : typeof key === "string" && /^\d+$/.test(key)
    ? `[${key}]`
    : `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`;
  return { from, kind: "property", text };
}

/** The variables on the way, each with the properties that lead on: `["save", "config.db"]`. */
export function variablesOn(way: Way | undefined): string[] {
  const variables: string[] = [];
  let path = "";
  for (let at = way; at !== undefined; at = at.from) {
    path = at.text + path;
    if (at.kind === "variable") {
      variables.unshift(path);
      path = "";
    }
  }
  if (path !== "") variables.unshift(path.replace(/^\./, ""));
  return variables;
}

/** What stands in the way of a function, and what to do about it. */
export type Obstacle = Readonly<{ what: string; cure: string }>;

/** The error for a value that cannot travel. */
export function refusedValue(
  place: string,
  way: Way | undefined,
  obstacle: Obstacle,
): ClosureError {
  const variables = variablesOn(way).map((name) => JSON.stringify(name));
  const story = variables.length === 0
    ? `it is ${obstacle.what}`
    : `it uses ${variables.join(", which uses ")}, which is ${obstacle.what}`;
  return refusal("NotShippable", place, story, obstacle.cure);
}

/** The error for a function that uses something that cannot travel and is no value of a variable. */
export function refusedUse(place: string, way: Way | undefined, obstacle: Obstacle): ClosureError {
  const names = [...variablesOn(way).map((name) => JSON.stringify(name)), obstacle.what];
  return refusal("NotShippable", place, `it uses ${names.join(", which uses ")}`, obstacle.cure);
}

/** The error of the hook for Flint's own objects, completed with place and variable. */
export function refusedToken(
  place: string,
  way: Way | undefined,
  thrown: ClosureError,
): ClosureError {
  const [what, ...cure] = thrown.message.split("\n  ");
  const variables = variablesOn(way).map((name) => JSON.stringify(name));
  const story = variables.length === 0
    ? `it is ${what}`
    : `it uses ${variables.join(", which uses ")}, which is ${what}`;
  return refusal(thrown.code, place, story, cure.length > 0 ? cure.join("\n  ") : undefined);
}

function refusal(
  code: ClosureError["code"],
  place: string,
  story: string,
  cure: string | undefined,
): ClosureError {
  return new ClosureError(code, `Cannot ship the function at ${place}: ${story}`, cure);
}

/** `a Promise`, `an ArrayBuffer`. */
export function withArticle(noun: string): string {
  return /^[aeiou]/i.test(noun) && !/^(uni|use|url|utf)/i.test(noun) ? `an ${noun}` : `a ${noun}`;
}

const makeInside = "Make it inside the function, or once a partition in mapPartitions()";

/** The obstacles that are not values of their own kind but code. */
export const obstacles = {
  outerThis: {
    what: '"this" of the code around it',
    cure: "Copy what it needs to a local variable first, as in: const factor = this.factor",
  },
  outerSuper: {
    what: '"super" of the code around it',
    cure: "Call it outside the function and use the result, or ship the class as a whole",
  },
  outerArguments: {
    what: '"arguments" of the function around it',
    cure: "Give the function around it a rest parameter, as in: (...values) => …",
  },
  looseSuper: {
    what: '"super", which belongs to the object it was taken from',
    cure: "Use the object itself, as in: (x) => object.method(x)",
  },
  computedField: {
    what: "a class with a field whose name is computed from variables",
    cure: "Give the field a fixed name, or set it in the constructor",
  },
  noValueYet: {
    what: "a variable that has no value yet",
    cure: "Declare it above the call that ships the function",
  },
  promise: {
    what: "a Promise",
    cure: "Await it first and use the result",
  },
  proxy: {
    what: "a Proxy",
    cure: "Copy what the function needs into an ordinary object first",
  },
  generator: {
    what: "a generator",
    cure: "Turn it into an array first, as in: const values = [...generator]",
  },
  iterator: {
    what: "an iterator",
    cure: "Turn it into an array first, as in: const values = [...iterator]",
  },
  arguments: {
    what: "an arguments object",
    cure: "Turn it into an array first, as in: const values = [...arguments]",
  },
  namespace: {
    what: "a module that was imported dynamically",
    cure: "Import it at the top of the file, or inside the function",
  },
  transferred: {
    what: "an ArrayBuffer that has been transferred",
    cure: "Use it before it is transferred, or transfer a copy",
  },
} as const satisfies Record<string, Obstacle>;

/** Objects that live in the engine or outside it: connections, files, ports. */
export function nativeObject(className: string): Obstacle {
  return {
    what: withArticle(className),
    cure: "Open it inside mapPartitions(), where it lives in the worker",
  };
}

export function weakObject(className: string): Obstacle {
  return {
    what: withArticle(className),
    cure: "Use a Map or Set, or make it inside the function",
  };
}

export function nativeFunction(name: string): Obstacle {
  return {
    what: `a native function${name === "" ? "" : ` (${name})`} that only this process has`,
    cure: makeInside,
  };
}

export function privateName(name: string): Obstacle {
  return {
    what: `the private field #${name} of a class around it`,
    cure: `Copy it to a local variable first, as in: const ${name} = this.#${name}`,
  };
}

export function foreignPrivates(className: string): Obstacle {
  return {
    what: `${withArticle(className)}, whose private fields only its own module can set`,
    cure: makeInside,
  };
}

export function unreadable(reason: string): Obstacle {
  return {
    what: `a function whose text is not JavaScript that can be read (${reason})`,
    cure: "Write it as an ordinary function",
  };
}
