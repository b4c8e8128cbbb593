/**
 * The functions of a dataset that use classes.
 *
 * A class is known in a task when a function of the task brought it along. Records outlive the stage
 * that made them: `map((word) => [word, new Tally(word)]).reduceByKey(…)` makes instances in one
 * stage and reads them in the next, where no function need name `Tally`. So what any function of the
 * dataset uses is known in all of its stages.
 */
import type { Closure } from "../core/closure/closure.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { CapturedDraft } from "../core/plan/plan.ts";
import { inputsFirst } from "../core/plan/walk.ts";

/** Functions of `root` that use all the classes that any of them uses; as few as that takes. */
export function classUsers(root: CapturedDraft): Closure[] {
  const known = new Set<string>();
  return inputsFirst(root).flatMap(functionsOf).filter((fn) => {
    const before = known.size;
    for (const id of classesOf(fn)) known.add(id);
    return known.size > before;
  });
}

/** The ids of the classes whose instances a record can carry. */
function* classesOf({ nodes }: Closure): Iterable<string> {
  for (const node of nodes) {
    if ("class" in node && node.class?.hasPrivateFields === false) yield node.class.id;
  }
}

function functionsOf(node: CapturedDraft): Closure[] {
  switch (node.kind) {
    case "narrow":
      return [node.op.fn];
    case "zip":
      return [node.fn];
    case "exchange":
      return functionsOfExchange(node.exchange);
    case "source":
    case "union":
    case "cross":
    case "coalesce":
      return [];
  }
}

function functionsOfExchange(exchange: Exchange<Closure, number | undefined>): Closure[] {
  switch (exchange.kind) {
    // What decides on a partition makes no records.
    case "rebalance":
    case "partition":
    case "group":
    case "sort":
      return [];
    case "combine":
      return [exchange.create, exchange.mergeValue, exchange.mergeCombiners];
  }
}
