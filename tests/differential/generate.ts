/** A random program of a seed: 3 to 8 steps that fit each other. */
import { Random } from "../simulation/random.ts";
import { ACTIONS } from "./actions.ts";
import type { State } from "./growth.ts";
import { HOLDING, OPERATORS } from "./operators.ts";
import type { Budget, Program, Step } from "./program.ts";
import { isKey, randomSource, type Shape } from "./shapes.ts";

/** How likely a program gets little memory. Not each of those spills. */
const TIGHT_CHANCE = 0.85;
const STEPS_MIN = 3;
const STEPS_MAX = 8;

const SHAPES: readonly Shape[] = [
  "number",
  "text",
  "whole",
  "any",
  { key: "text", value: "number" },
  { key: "any", value: "number" },
  { key: "any", value: "text" },
  { key: "whole", value: "text" },
  { key: "number", value: "number" },
  { key: "number", value: "text" },
  { key: "flag", value: "number" },
  { key: "date", value: "text" },
  { key: "text", value: "loose" },
  "date",
  { key: { key: "text", value: "number" }, value: "number" },
];

/** The program of `seed`; the same each time. */
export function generate(seed: number): Program {
  const random = new Random(seed);
  const budget: Budget = random.chance(TIGHT_CHANCE) ? "tight" : "roomy";
  // What has to be held is brought together by its key.
  const shape = random.pick(budget === "tight" ? SHAPES.filter(isKey) : SHAPES);
  const source = budget === "tight" ? fullSource(shape, random) : randomSource(shape, 40, random);
  let state: State = {
    shape,
    size: source.records.length,
    order: "exact",
    placed: false,
    unique: false,
  };
  const steps: Step[] = [];
  const follow = (names: readonly string[]) => {
    const grown = drawn(OPERATORS, names, state, random);
    steps.push(grown[0]);
    state = grown[1];
  };
  const length = random.between(STEPS_MIN, STEPS_MAX) - 1;
  if (budget === "tight") {
    follow(["spread"]);
    follow(HOLDING);
  }
  const numbers = random.chance(0.3) && steps.length < length;
  while (steps.length < length - (numbers ? 1 : 0)) follow(Object.keys(OPERATORS));
  if (numbers) follow(["measure"]);
  const [action, order] = drawn(ACTIONS, Object.keys(ACTIONS), state, random);
  return { seed, budget, source, steps: [...steps, action], order };
}

/** Enough records to spread, in few partitions, so that a task has more than it may hold. */
function fullSource(shape: Shape, random: Random) {
  const records = Array.from({ length: 24 }, () => randomSource(shape, 2, random).records).flat();
  return { records, partitions: random.between(1, 2) };
}

/** One of the entries that can follow, by their weights, and what it makes of it. */
function drawn<S, G>(
  table: Readonly<
    Record<string, { weight: number; grow(state: S, random: Random): G | undefined }>
  >,
  names: readonly string[],
  state: S,
  random: Random,
): G {
  const weights = names.map((name) => names.length === 1 ? 1 : table[name]!.weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (;;) {
    let left = random.next() * total;
    const at = weights.findIndex((weight) => (left -= weight) < 0);
    const grown = table[names[at] ?? names[0]!]!.grow(state, random);
    if (grown !== undefined) return grown;
  }
}
