/**
 * What stages may do: `withPermissions` grants to the stage that computes its dataset, and to that
 * one alone.
 *
 *     textFile ─ map ─╥─ mapValues ─ withPermissions ─ map ─╥─ collect
 *          not here   ║        all of these functions       ║  not here
 *
 * One worker runs the whole of a stage, so that nothing finer can be told apart. Whether partitions
 * are kept already changes nothing: a program may do the same today and tomorrow.
 */
import { type Grants, mergedGrants } from "../grants.ts";
import { inputsOf, type Plan } from "./plan.ts";
import { inputsFirst } from "./walk.ts";

/** What the stage whose last dataset is `last` may do; `always` is what every stage may. */
export function stageGrants(last: Plan, always: Grants): Grants {
  // What an exchange moves comes from another stage.
  const within = (node: Plan) =>
    node.kind === "exchange" && node.inPlace !== true ? [] : inputsOf(node);
  const granted = inputsFirst(last, within)
    .map((node) => node.kind === "union" ? node.grants : undefined)
    .filter((grants) => grants !== undefined);
  return mergedGrants([always, ...granted]);
}
