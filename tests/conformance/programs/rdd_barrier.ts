/** Barrier stages: only what stands behind `barrier()` runs in one. */
import assert from "node:assert/strict";
import { BarrierTaskContext, PlanError, RDDBarrier, TaskContext } from "@flint/flint";
import { refused } from "../../helpers/shared_context.ts";
import type { Program } from "../program.ts";

const inBarrier = (): boolean => TaskContext.get() instanceof BarrierTaskContext;

export const barriers: readonly Program[] = [
  {
    // PySpark looks at a private flag; here the tasks are asked. There is one task a slot.
    name: "partitions are mapped in a barrier stage after barrier(), and not before",
    pyspark: "test_rddbarrier.test_map_partitions",
    async run(sc) {
      const numbers = sc.range(0, 12, 1, sc.defaultParallelism);
      const plain = numbers.mapPartitions((part) => [[inBarrier(), [...part]]]);
      assert(numbers.barrier() instanceof RDDBarrier);
      const together = numbers.barrier().mapPartitions((part) => [[inBarrier(), [...part]]]);
      const parts = await numbers.glom().collect();
      assert.deepEqual(await together.collect(), parts.map((part) => [true, part]));
      assert.deepEqual(await plain.collect(), parts.map((part) => [false, part]));
      // an exchange ends the stage
      const later = together.repartition(2).map(inBarrier);
      assert.deepEqual(await later.distinct().collect(), [false]);
    },
  },
  {
    name: "partitions are mapped with their indexes in a barrier stage",
    pyspark: "test_rddbarrier.test_map_partitions_with_index",
    async run(sc) {
      const slots = sc.defaultParallelism;
      const indexes = Array.from({ length: slots }, (_, index) => index);
      const found = sc.range(0, 12, 1, slots).barrier()
        .mapPartitionsWithIndex((index) => [[index, inBarrier()]]);
      assert.deepEqual(await found.collect(), indexes.map((index) => [index, true]));
      // all have to run at the same time, so there are not more of them than slots
      const more = sc.range(0, 12, 1, slots + 1).barrier()
        .mapPartitionsWithIndex((index) => [index]);
      await refused(() => more.collect(), PlanError, "InvalidArgument", new RegExp(`${slots}`));
    },
  },
];
