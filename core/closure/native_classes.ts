/** Classes of the platform: their instances keep their state where no property shows it. */
import { shownWay } from "./global_values.ts";
import type { Inspector } from "./inspector.ts";
import type { KnownValues } from "./known_values.ts";

/** Parts of the runtime whose classes people know as members of `Deno`. */
const denoParts = /^ext:(deno_(net|fs|io|process|http|kv|cron|os|ffi)|runtime)\//;

/** Gives the name of a class of the platform by its prototype; undefined for all other prototypes. */
export function createNativeClassNames(
  inspector: Inspector,
  known: KnownValues,
): (prototype: object) => string | undefined {
  const names = new WeakMap<object, string | undefined>();
  return (prototype) => {
    if (!names.has(prototype)) names.set(prototype, find(prototype));
    return names.get(prototype);
  };

  function find(prototype: object): string | undefined {
    const way = known.wayTo(prototype);
    if (way !== undefined) return shownWay(way).replace(/\.prototype$/, "");
    const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    if (typeof constructor !== "function" || known.find(constructor) !== undefined) {
      return undefined;
    }
    if (inspector.isProxy(constructor)) return undefined;
    const { scriptId } = inspector.functionInfo(constructor);
    const url = scriptId === undefined ? undefined : inspector.scriptUrl(scriptId);
    if (url === undefined || !/^(ext|node):/.test(url)) return undefined;
    return denoParts.test(url) ? `Deno.${constructor.name}` : constructor.name;
  }
}
