/** How many steps of a task hold records at the same time: they share its memory budget. */
import type { Exchange } from "../core/plan/exchange.ts";
import type { Flow, Stage } from "../core/task.ts";

/** Those of the flow and, where the task writes to an exchange, the writer. */
export function holdersOf(stage: Stage, flow: Flow): number {
  return held(stage, flow) + (stage.output.kind === "exchange" ? 1 : 0);
}

function held(stage: Stage, flow: Flow): number {
  switch (flow.kind) {
    case "read": {
      const input = stage.inputs[flow.input]!;
      return input.kind === "exchange" && gathers(input.exchange) ? 1 : 0;
    }
    case "apply":
    // What is to be kept takes what the others leave, and goes to disk or nowhere without it.
    case "keep":
      return held(stage, flow.from);
    case "exchange":
      return held(stage, flow.from) + 1;
    // One after the other: the next one begins when the one before has given back what it held.
    case "concat":
      return flow.from.reduce((most, from) => Math.max(most, held(stage, from)), 0);
    case "zip":
      return flow.from.reduce((sum, from) => sum + held(stage, from), 0);
    case "cross":
      return held(stage, flow.left) + held(stage, flow.right);
  }
}

/** Whether records are put together before the first one comes out. */
function gathers(exchange: Exchange<unknown>): boolean {
  switch (exchange.kind) {
    case "rebalance":
    case "partition":
      return false;
    case "combine":
    case "group":
    case "sort":
      return true;
  }
}
