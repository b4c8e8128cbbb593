/**
 * All records, a partition at a time, as they are asked for.
 *
 *     partition     0         1         2
 *     computed      ├──┤      ├──┤      ├──┤          while nobody asks for records of the next one,
 *     consumed         ├─────┤   ├─────┤   ├─────┤    it is not computed
 *
 *     with prefetch ├──┤├──┤  ├──┤                    the next one is computed while this one is
 *                      ├─────┤├─────┤├─────┤          consumed, and no further one
 */
import { CancelledError } from "../../core/errors.ts";
import type { PartitionId } from "../../core/plan/plan.ts";
import type { IterationOptions } from "../arguments.ts";
import type { Dataset } from "../dataset.ts";
import { prepare } from "./actions.ts";

/** Captures in the call itself; nothing runs before the first record is asked for. */
export function iterate(
  data: Dataset,
  options: IterationOptions = {},
  operator = "for await",
): AsyncGenerator<unknown> {
  const { driver, draft } = data;
  const job = prepare(data, operator, { kind: "collect" });
  const { signal: outer, prefetch = false } = options;

  /** The blocks of one partition. */
  async function compute(partition: PartitionId, closing: AbortSignal): Promise<Uint8Array[]> {
    const signal = outer === undefined ? closing : AbortSignal.any([outer, closing]);
    const blocks: Uint8Array[] = [];
    for await (const value of driver.values(job, { signal, partitions: [partition] })) {
      for (const block of value.blocks) blocks.push(block);
    }
    return blocks;
  }

  return (async function* () {
    outer?.throwIfAborted();
    const partitions = await driver.partitionCount(draft);
    const closing = new AbortController();
    let ahead: Promise<Uint8Array[]> | undefined;
    try {
      for (let partition = 0; partition < partitions; partition++) {
        const blocks: Uint8Array[] = await (ahead ?? compute(partition, closing.signal));
        ahead = undefined;
        if (prefetch && partition + 1 < partitions) {
          ahead = compute(partition + 1, closing.signal);
          // What goes wrong there is told when its records are asked for.
          ahead.catch(() => undefined);
        }
        yield* driver.records(blocks);
      }
    } finally {
      closing.abort(new CancelledError("Cancelled", "no more records were wanted"));
      await ahead?.catch(() => undefined);
    }
  })();
}
