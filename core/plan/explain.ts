/**
 * A program as text, for people, in the manner of Spark's `toDebugString`: what is done last stands
 * first, the number of partitions in parentheses, and `+-` where a stage ends in an exchange.
 *
 *     (4) mapValues at job.ts:9 [5]
 *      |  reduceByKey at job.ts:8 [4]
 *      +-(2) map at job.ts:7 [3]
 *         |  flatMap at job.ts:6 [2]
 *         |  textFile at job.ts:5 [1]
 *
 * A dataset that is persisted has its storage level at the end of its line.
 */
import { type AnyNode, partitionCounts } from "./counts.ts";
import type { StorageLevel } from "../storage_level.ts";
import { inputsOf, type PlanId } from "./plan.ts";

/** A node that is still to be written, and what stands before it on its line. */
type Entry = Readonly<{ node: AnyNode; prefix: string; behindExchange: boolean; last: boolean }>;

/**
 * One line a dataset: its label and its id. A count that is open as yet is a `?`. What two others
 * read is explained once, and named where it is met again. `levelOf` knows what is persisted where
 * the nodes do not say it.
 */
export function explain(
  plan: AnyNode,
  levelOf: (node: AnyNode) => StorageLevel | undefined = (node) => node.level,
): string {
  const counts = partitionCounts(plan);
  const lines: string[] = [];
  const explained = new Set<PlanId>();
  const open: Entry[] = [{ node: plan, prefix: "", behindExchange: false, last: true }];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { node } = entry;
    const count = `(${counts.get(node.id) ?? "?"})`;
    const { head, below } = margins(entry, count, lines.length === 0);
    const again = explained.has(node.id);
    const level = levelOf(node);
    const kept = level === undefined ? "" : ` [${level}]`;
    lines.push(`${head}${node.label} [${node.id}]${kept}${again ? ", as above" : ""}`);
    if (again) continue;
    explained.add(node.id);
    const inputs: readonly AnyNode[] = inputsOf<unknown, unknown, unknown>(node) as AnyNode[];
    const behindExchange = node.kind === "exchange" && node.inPlace !== true;
    for (let index = inputs.length - 1; index >= 0; index--) {
      const last = index === inputs.length - 1;
      open.push({ node: inputs[index]!, prefix: below, behindExchange, last });
    }
  }
  return lines.join("\n");
}

/** What stands before a node's label, and before all that it is made of. */
function margins(entry: Entry, count: string, first: boolean): { head: string; below: string } {
  if (!first && !entry.behindExchange) return { head: entry.prefix, below: entry.prefix };
  const left = Math.floor((count.length - 1) / 2);
  const bar = " ".repeat(left) + "|" + " ".repeat(count.length - left);
  if (first) return { head: `${count} `, below: bar };
  const outer = entry.prefix.replace(/\|\s*$/, "");
  return { head: `${outer}+-${count} `, below: `${outer}${entry.last ? "  " : "| "}${bar}` };
}
