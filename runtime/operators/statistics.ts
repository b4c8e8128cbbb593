/** Actions over numbers that need more than a sum. */
import { numberOf } from "../../core/number.ts";
import { StatCounter, type StatSummary } from "../../core/statistics.ts";
import type { ActionOptions } from "../arguments.ts";
import type { Dataset } from "../dataset.ts";
import { applied } from "./actions.ts";

export async function stats(data: Dataset, options: ActionOptions): Promise<StatCounter> {
  const summaries = await applied(data, "stats", summarize, options) as StatSummary[];
  const merged = new StatCounter();
  for (const summary of summaries) merged.mergeStats(StatCounter.of(summary));
  return merged;
}

function summarize(numbers: Iterable<unknown>): StatSummary {
  const counter = new StatCounter();
  for (const number of numbers) counter.merge(numberOf(number, "stats"));
  return counter.summary();
}
