/** How many partitions datasets have: of a plan always, of a draft as far as is known. */
import { partitionsOf } from "./exchange.ts";
import type { CapturedDraft, Draft, Plan, PlanId } from "./plan.ts";
import { inputsFirst } from "./walk.ts";

export type AnyNode = Draft | CapturedDraft | Plan;

/**
 * The counts of all datasets that `root` is made of, by id. Missing are those that depend on sources
 * that have not been looked at, or on open exchanges; of a plan none is.
 */
export function partitionCounts(root: AnyNode): ReadonlyMap<PlanId, number> {
  const counts = new Map<PlanId, number>();
  for (const node of inputsFirst<unknown, unknown, unknown>(root) as readonly AnyNode[]) {
    const count = countOf(node, counts);
    if (count !== undefined) counts.set(node.id, count);
  }
  return counts;
}

/** The count of one node, given those of its inputs; undefined if one that it needs is missing. */
export function countOf(node: AnyNode, counts: ReadonlyMap<PlanId, number>): number | undefined {
  const of = (input: AnyNode) => counts.get(input.id) ?? NaN;
  const count = openCount(node, of);
  return Number.isNaN(count) ? undefined : count;
}

/** NaN stands for what is not known: whatever is reckoned with it is not known either. */
function openCount(node: AnyNode, of: (input: AnyNode) => number): number {
  switch (node.kind) {
    case "source":
      return "splits" in node.source ? node.source.splits.length : NaN;
    case "narrow":
      return of(node.from);
    case "exchange":
      return partitionsOf<unknown, number | undefined>(node.exchange) ?? NaN;
    case "union":
      if (node.aligned === true) return of(node.from[0]!);
      return (node.from as readonly AnyNode[]).reduce((sum, side) => sum + of(side), 0);
    case "zip":
      return of(node.from[0]!);
    case "cross":
      return of(node.left) * of(node.right);
    case "coalesce":
      return Math.min(node.partitions, of(node.from));
  }
}
