/** What is known of the records of a program while it grows, and how operators of a kind change it. */
import type { RDD, SparkContext } from "@flint/flint";
import type { Random } from "../simulation/random.ts";
import type { LambdaChoice } from "./choices.ts";
import type { DifferenceName } from "./differences.ts";
import { decoded, type Source, type Step } from "./program.ts";
import { isKey, isPair, type PairShape, randomSource, type Shape } from "./shapes.ts";

// deno-lint-ignore no-explicit-any -- the generator knows the types, the compiler does not
export type Records = RDD<any>;

/** What is known of the records before a step. */
export type State = Readonly<{
  shape: Shape;
  /** About as many records at most. */
  size: number;
  /** `exact`, `keys` (right after a sort), or why PySpark's order is another one. */
  order: "exact" | "keys" | DifferenceName;
  /** Whether both languages have the same records in the same partitions. */
  placed: boolean;
  /** Whether no key comes twice. */
  unique: boolean;
}>;

export type Operator = Readonly<{
  /** How often it is drawn. */
  weight: number;
  /** The step and what it makes of the records; undefined where it cannot follow. */
  grow(state: State, random: Random): readonly [Step, State] | undefined;
  run(records: Records, step: Step, sc: SparkContext): Records;
}>;

/** No operator makes more records than about this. */
export const SIZE_MAX = 6000;
/** Each partition is a task of PySpark, which takes it longer than any work that is in it. */
export const PARTITIONS_MAX = 3;
/** Records are made from so few values that there are hardly more keys than this. */
export const KEYS_MAX = 400;
/** The characters of the text in each record of `spread`. */
export const SPREAD_CHARS = 200;

/** The shape of pairs whose keys are keys in both languages. */
export function pairOf({ shape }: State): PairShape | undefined {
  return isPair(shape) && isKey(shape.key) ? shape : undefined;
}

/** After an exchange by hash. */
export function hashed(state: State, shape: Shape, unique: boolean, size = state.size): State {
  return { shape, size, order: "placement", placed: false, unique };
}

/** A sort may be followed by what keeps the order of keys only if that is all of it. */
export function kept(state: State, shape: Shape, unique = false, size = state.size): State {
  const order = state.order === "keys" ? "ties" : state.order;
  return { ...state, shape, size, order, unique };
}

export function other(source: Source | undefined, sc: SparkContext): Records {
  return sc.parallelize(source!.records.map(decoded) as never[], source!.partitions);
}

export const parts = (random: Random) => random.between(1, PARTITIONS_MAX);

/** An operator that combines the values of each key. */
export function combining(
  operator: string,
  resultOf: (value: Shape, random: Random) => readonly [Partial<Step>, Shape] | undefined,
  run: Operator["run"],
  weight = 8,
): Operator {
  return {
    weight,
    grow(state, random) {
      const pair = pairOf(state);
      const result = pair && resultOf(pair.value, random);
      if (!pair || !result) return undefined;
      const step = { operator, partitions: parts(random), ...result[0] };
      const size = Math.min(state.size, KEYS_MAX);
      return [step, hashed(state, { key: pair.key, value: result[1] }, true, size)];
    },
    run,
  };
}

/** An operator with a few records of another dataset of pairs. */
export function joining(
  operator: string,
  valueOf: (left: Shape, right: Shape) => Shape | undefined,
  run: Operator["run"],
  rights: readonly Shape[] = ["number", "text", "loose"],
): Operator {
  const few = 8;
  return {
    weight: 3,
    grow(state, random) {
      const pair = pairOf(state);
      const right = random.pick(rights);
      const value = pair && valueOf(pair.value, right);
      if (!pair || !value || state.size * few > SIZE_MAX) return undefined;
      const others = randomSource({ key: pair.key, value: right }, few, random);
      const step = { operator, partitions: parts(random), other: others };
      return [step, hashed(state, { key: pair.key, value }, false, state.size * few)];
    },
    run,
  };
}

/** An operator with records of the same shape. */
export function withSame(
  operator: string,
  after: (state: State, added: number) => State | undefined,
  run: Operator["run"],
): Operator {
  return {
    weight: 1,
    grow(state, random) {
      const others = randomSource(state.shape, 12, random);
      const grown = after(state, others.records.length);
      return grown && [{ operator, partitions: parts(random), other: others }, grown];
    },
    run,
  };
}

export function choosing(
  operator: string,
  choices: (state: State) => readonly LambdaChoice[],
  after: (state: State, choice: LambdaChoice) => State,
  run: Operator["run"],
  weight = 2,
): Operator {
  return {
    weight,
    grow(state, random) {
      const all = choices(state);
      if (all.length === 0) return undefined;
      const choice = random.pick(all);
      const next = after(state, choice);
      return next.size > SIZE_MAX ? undefined : [{ operator, lambda: choice[0] }, next];
    },
    run,
  };
}
