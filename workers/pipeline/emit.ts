/**
 * The text of each operation, for the loop that compile.ts puts together.
 *
 * Operation k takes the variable `record<k>` and leaves its result in `record<k+1>`; what the next
 * ones do stands between its `open` and its `close`. `step` always holds the number of the
 * operation whose function may be running, so that one `catch` around the loop knows who threw.
 */
import type { NarrowOp } from "../../core/plan/ops.ts";

export type Emitter =
  /** Part of a loop over records. */
  | Readonly<{ kind: "fused"; open: (k: number) => string; close: (k: number) => string }>
  /** Takes all records of the partition as one iterator: one loop ends before it, one begins after. */
  | Readonly<{ kind: "breaker" }>
  /** The same for functions that wait: what comes after it gets its batches later. */
  | Readonly<{ kind: "waiting" }>
  /** The same for a program outside of the worker. */
  | Readonly<{ kind: "outside" }>;

/** How each kind of operation is compiled. */
export const emit: { readonly [K in NarrowOp<unknown>["kind"]]: Emitter } = {
  map: {
    kind: "fused",
    open: (k) => `
      step = ${k};
      record${k + 1} = fn${k}(record${k});
      if (record${k + 1} instanceof Promise) refusePromise(steps[${k}]);`,
    close: () => "",
  },
  filter: {
    kind: "fused",
    open: (k) => `
      step = ${k};
      const kept${k} = fn${k}(record${k});
      if (kept${k} instanceof Promise) refusePromise(steps[${k}]);
      if (kept${k}) {
      record${k + 1} = record${k};`,
    close: () => `
      }`,
  },
  flatMap: {
    kind: "fused",
    open: (k) => `
      step = ${k};
      for (record${k + 1} of iterableOf(fn${k}(record${k}), steps[${k}])) {`,
    // The user's generator goes on at the head of the loop: the blame returns to this step.
    close: (k) => `
      step = ${k};
      }`,
  },
  mapPartitions: { kind: "breaker" },
  mapAsync: { kind: "waiting" },
  mapPartitionsAsync: { kind: "waiting" },
  pipe: { kind: "outside" },
};
