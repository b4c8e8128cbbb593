/**
 * The user's functions in one task: revived afresh, so that what a task changes in what its
 * functions captured is seen by no other task.
 */
import type { Closure } from "../core/closure/closure.ts";
import { CommonClasses, type Revived } from "../core/closure/revive.ts";
import type { CustomAccumulation } from "../core/closure/tokens.ts";
import type { ClassTable } from "../core/codec/binary.ts";
import { assert } from "../core/errors.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import type { AccumulatorUpdate } from "../core/task.ts";
import { withValues } from "../shuffle/values.ts";
import type { PreparedStage } from "./prepare_stage.ts";
import type { TaskIO } from "./task_io.ts";
import { TaskVariables } from "./task_variables.ts";

export class TaskFunctions {
  readonly #functions = new Map<Closure, UserFunction>();
  readonly #variables: TaskVariables;
  /** The classes that the functions captured, and those of `Values`. */
  readonly classes: ClassTable;

  constructor(prepared: PreparedStage, io: TaskIO) {
    const tables: ClassTable[] = [];
    this.classes = withValues(unionOf(tables));
    this.#variables = new TaskVariables({
      broadcasts: prepared.broadcasts,
      broadcastBytes: (id) => io.broadcast(id),
      accumulationOf: (id) => {
        const closure = prepared.accumulations.get(id);
        assert(closure !== undefined, `accumulator ${id} was not prepared with its stage`);
        return this.of(closure)() as CustomAccumulation;
      },
      classes: this.classes,
    });
    const common = new CommonClasses();
    for (const [closure, loaded] of prepared.closures) {
      const revived = loaded.revive(this.#variables.revive, common);
      this.#functions.set(closure, revived.fn);
      tables.push(tableOf(revived));
    }
  }

  /** The function of a closure of the stage. */
  readonly of = (closure: Closure): UserFunction => {
    const fn = this.#functions.get(closure);
    assert(fn !== undefined, `the function at ${closure.place} was not prepared with its stage`);
    return fn;
  };

  /** What the functions have added to accumulators so far. */
  updates(): AccumulatorUpdate[] {
    return this.#variables.updates();
  }
}

/** The classes of a revival whose instances a record can carry. */
function tableOf({ classes, privateClasses }: Revived): ClassTable {
  const ids = new Map<unknown, string>();
  for (const [id, constructor] of classes) {
    if (!privateClasses.has(constructor)) ids.set(constructor, id);
  }
  return {
    idOf: (constructor) => ids.get(constructor),
    classOf: (id) => classes.get(id) as { prototype: object } | undefined,
    classNamed(name) {
      const named = new Set(
        [...ids.keys()].filter((known) => (known as UserFunction).name === name),
      );
      return named.size === 1 ? [...named][0] as { prototype: object } : undefined;
    },
  };
}

function unionOf(tables: readonly ClassTable[]): ClassTable {
  const first = <T>(find: (table: ClassTable) => T | undefined): T | undefined => {
    for (const table of tables) {
      const found = find(table);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    idOf: (constructor) => first((table) => table.idOf(constructor)),
    classOf: (id) => first((table) => table.classOf(id)),
    classNamed(name) {
      const named = new Set(tables.map((table) => table.classNamed?.(name)));
      named.delete(undefined);
      return named.size === 1 ? [...named][0] : undefined;
    },
  };
}
