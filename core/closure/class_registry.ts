/**
 * The classes that captures have met. Records name a class by an id that is the same on the driver
 * and in every worker: the class's name and place.
 */
import type { AnyFunction, ClassName } from "./closure.ts";
import { functionSourceOf } from "./function_source.ts";
import type { ClassSyntax } from "./class_source.ts";
import type { Inspector } from "./inspector.ts";

export interface ClassRegistry {
  /** How records know a class; it gets an id if it has none yet. */
  nameOf(constructor: AnyFunction): ClassName;
  idOf(constructor: AnyFunction): string | undefined;
  classOf(id: string): AnyFunction | undefined;
  /** Whether a function is written as `class`. */
  isClass(fn: AnyFunction): boolean;
  /** What a class's text says; undefined for other functions and for texts that cannot be read. */
  syntaxOf(constructor: AnyFunction): ClassSyntax | undefined;
  /** Whether the class or one above it declares private fields. */
  hasPrivateFields(constructor: AnyFunction): boolean;
}

export function createClassRegistry(inspector: Inspector): ClassRegistry {
  const ids = new Map<AnyFunction, string>();
  const classes = new Map<string, AnyFunction>();
  const syntaxes = new WeakMap<AnyFunction, ClassSyntax | undefined>();
  const privacy = new WeakMap<AnyFunction, boolean>();

  const isClass = (fn: AnyFunction) => /^class\b/.test(Function.prototype.toString.call(fn));

  const syntaxOf = (constructor: AnyFunction) => {
    if (!syntaxes.has(constructor)) syntaxes.set(constructor, readSyntax(constructor));
    return syntaxes.get(constructor);
  };

  const declaresPrivateFields = (constructor: AnyFunction): boolean => {
    let known = privacy.get(constructor);
    if (known === undefined) {
      const superclass = Object.getPrototypeOf(constructor);
      known = (syntaxOf(constructor)?.privateFields.length ?? 0) > 0 ||
        typeof superclass === "function" && declaresPrivateFields(superclass);
      privacy.set(constructor, known);
    }
    return known;
  };

  return {
    nameOf(constructor) {
      let id = ids.get(constructor);
      if (id === undefined) {
        const base = `${constructor.name}@${inspector.place(constructor)}`;
        // A class that is made in a function is another one each time, at the same place.
        id = base;
        for (let count = 2; classes.has(id); count++) id = `${base}#${count}`;
        ids.set(constructor, id);
        classes.set(id, constructor);
      }
      return { id, hasPrivateFields: declaresPrivateFields(constructor) };
    },
    idOf: (constructor) => ids.get(constructor),
    classOf: (id) => classes.get(id),
    isClass,
    syntaxOf,
    hasPrivateFields: declaresPrivateFields,
  };

  function readSyntax(constructor: AnyFunction): ClassSyntax | undefined {
    if (!isClass(constructor)) return undefined;
    try {
      return functionSourceOf(Function.prototype.toString.call(constructor)).class;
    } catch {
      return undefined;
    }
  }
}
