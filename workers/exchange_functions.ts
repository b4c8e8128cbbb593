/** The user's functions in an exchange: put in their places, and blamed for what they throw. */
import type { Closure } from "../core/closure/closure.ts";
import { FlintError } from "../core/errors.ts";
import type { Exchange, Partitioner } from "../core/plan/exchange.ts";
import { FileError } from "../core/platform.ts";
import type { Blame, Step } from "./pipeline/blame.ts";

/** The same exchange over other functions. */
export function withFunctions<F, G>(exchange: Exchange<F>, make: (fn: F) => G): Exchange<G> {
  switch (exchange.kind) {
    case "rebalance":
      return exchange;
    case "combine":
      return {
        ...exchange,
        partitioner: partitionerWith(exchange.partitioner, make),
        create: make(exchange.create),
        mergeValue: make(exchange.mergeValue),
        mergeCombiners: make(exchange.mergeCombiners),
      };
    case "partition":
    case "group":
    case "sort":
      return { ...exchange, partitioner: partitionerWith(exchange.partitioner, make) };
  }
}

function partitionerWith<F, G>(
  partitioner: Partitioner<F, number>,
  make: (fn: F) => G,
): Partitioner<G, number> {
  return partitioner.kind === "custom" ? { ...partitioner, fn: make(partitioner.fn) } : partitioner;
}

/** The functions of an exchange, as messages name them; undefined if it has none. */
export function stepOf(exchange: Exchange<Closure>): Step | undefined {
  if (exchange.kind === "combine") return { kind: "combine", place: exchange.mergeValue.place };
  if (exchange.kind === "rebalance" || exchange.partitioner.kind !== "custom") return undefined;
  return { kind: "partitionBy", place: exchange.partitioner.fn.place };
}

/** Does what calls the functions of an exchange: what it throws is theirs, unless it is our own. */
export function blaming<T>(blame: Blame, step: Step | undefined, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const isOurs = error instanceof FlintError || error instanceof FileError;
    if (step !== undefined && !isOurs) blame.on(error, step);
    throw error;
  }
}

/** Iterates over what calls the functions of an exchange. */
export function* blamingEach<T>(
  blame: Blame,
  step: Step | undefined,
  items: Iterable<T>,
): Generator<T> {
  const iterator = items[Symbol.iterator]();
  try {
    for (;;) {
      const next = blaming(blame, step, () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    iterator.return?.();
  }
}
