/**
 * What all tasks of a stage share, made once in each worker: modules are imported, function texts and
 * loops are compiled. That takes promises; what a task does with it takes none.
 */
import type { Closure } from "../core/closure/closure.ts";
import { loadClosure, type LoadedClosure } from "../core/closure/revive.ts";
import type { Token } from "../core/closure/tokens.ts";
import type { BroadcastId } from "../core/engine.ts";
import type { Stage } from "../core/task.ts";
import { compile, type CompiledChain } from "./pipeline/compile.ts";
import { emit } from "./pipeline/emit.ts";
import { BroadcastValues } from "./broadcast_values.ts";
import { withFunctions } from "./exchange_functions.ts";
import { provided } from "./provided.ts";

/** Gives the module of a specifier as closures have it: resolved, of the runtime or of a registry. */
export type ImportModule = (specifier: string) => Promise<Record<string, unknown>>;

/** A stage that is ready to run in this worker. */
export type PreparedStage = Readonly<{
  stage: Stage;
  /** By index, as flows name them. */
  chains: readonly CompiledChain[];
  /** Every closure of the stage. */
  closures: ReadonlyMap<Closure, LoadedClosure>;
  /** How accumulators add where the user said how, by the accumulator's id. */
  accumulations: ReadonlyMap<number, Closure>;
  /** Those that its functions use. */
  broadcastIds: ReadonlySet<BroadcastId>;
  /** What the worker has decoded. */
  broadcasts: BroadcastValues;
  /** Whether its tasks wait for promises of the user's functions. */
  waits: boolean;
}>;

/**
 * Loads and compiles what a stage needs; `broadcasts` is what its worker holds. Throws a ClosureError where a function cannot be made, or
 * what an import throws.
 */
export async function prepareStage(
  stage: Stage,
  importModule: ImportModule,
  broadcasts: BroadcastValues = new BroadcastValues(),
): Promise<PreparedStage> {
  const closures = new Map<Closure, LoadedClosure>();
  const accumulations = new Map<number, Closure>();
  const broadcastIds = new Set<BroadcastId>();
  const waiting = closuresOf(stage);
  for (let closure = waiting.pop(); closure !== undefined; closure = waiting.pop()) {
    if (closures.has(closure)) continue;
    closures.set(closure, await loadClosure(closure, importModule, provided));
    for (const node of closure.nodes) {
      if (node.kind !== "token") continue;
      const token = node.token as Token;
      if (token.kind === "broadcast") broadcastIds.add(token.id);
      if (token.kind !== "accumulator" || typeof token.adds === "string") continue;
      accumulations.set(token.id, token.adds);
      waiting.push(token.adds);
    }
  }
  return {
    stage,
    chains: stage.chains.map((ops) => compile(ops)),
    closures,
    accumulations,
    broadcastIds,
    broadcasts,
    waits: stage.chains.some((ops) => ops.some((op) => emit[op.kind].kind === "waiting")) ||
      stage.zips.some((fn) => fn.async === true) ||
      stage.output.kind === "action" && stage.output.action.kind === "applyAsync",
  };
}

function closuresOf({ inputs, chains, zips, exchanges, classes = [], output }: Stage): Closure[] {
  const found: Closure[] = [...zips, ...classes, ...chains.flat().map((op) => op.fn)];
  const note = (closure: Closure) => void found.push(closure);
  for (const input of inputs) {
    if (input.kind === "exchange") withFunctions(input.exchange, note);
  }
  for (const exchange of exchanges) withFunctions(exchange, note);
  if (output.kind === "exchange") withFunctions(output.exchange, note);
  else if ("fn" in output.action) note(output.action.fn);
  return found;
}
