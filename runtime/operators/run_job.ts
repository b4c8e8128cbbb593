/** A job over chosen partitions: what `sc.runJob` does. */
import { PlanError } from "../../core/errors.ts";
import type { PartitionId, UserFunction } from "../../core/plan/plan.ts";
import { type ActionOptions, callable, wholeNumber } from "../arguments.ts";
import type { Dataset } from "../dataset.ts";
import { inOrder, prepare } from "./actions.ts";
import { mapPartitions } from "./narrow.ts";

const OPERATOR = "runJob";

/**
 * The records that `fn` makes of the wanted partitions, in the order in which they are wanted; of a
 * partition that is wanted twice, twice.
 */
export async function runJob(
  data: Dataset,
  fn: UserFunction,
  wanted: readonly PartitionId[] | undefined,
  options: ActionOptions,
): Promise<unknown[]> {
  const most = Number.MAX_SAFE_INTEGER;
  wanted?.forEach((partition) => wholeNumber(partition, OPERATOR, "partitions", 0, most));
  const mapped = mapPartitions(data, callable(fn, OPERATOR), {});
  const job = prepare(mapped, OPERATOR, { kind: "collect" });
  const count = await data.driver.partitionCount(data.draft);
  const order = wanted ?? Array.from({ length: count }, (_, partition) => partition);
  const beyond = order.find((partition) => partition >= count);
  if (beyond !== undefined) {
    throw new PlanError(
      "InvalidArgument",
      `Cannot call ${OPERATOR}(): there is no partition ${beyond}`,
      `The RDD has ${count} partitions, from 0`,
    );
  }
  const partitions = [...new Set(order)].sort((a, b) => a - b);
  const asked = { ...options, partitions };
  const parts = await inOrder(data, job, asked, (blocks) => [...data.driver.records(blocks)]);
  const found = new Map(partitions.map((partition, i) => [partition, parts[i]!]));
  return order.flatMap((partition) => found.get(partition)!);
}
