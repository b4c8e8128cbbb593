/** What compiles, and which types come out, of accumulators and broadcasts: see rdd_types.ts. */
import type {
  Accumulator,
  AccumulatorParam,
  Broadcast,
  CollectionAccumulator,
  NumericAccumulator,
  SparkContext,
} from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function is<U>(): <T>(value: T, same: Same<T, U>) => void {
  return () => {};
}

declare const vector: AccumulatorParam<number[]>;

export function accumulators(sc: SparkContext): void {
  is<Accumulator<number>>()(sc.accumulator(), true);
  is<Accumulator<number>>()(sc.accumulator(0, { name: "n" }), true);
  is<Accumulator<bigint>>()(sc.accumulator(0n), true);
  is<Accumulator<number[]>>()(sc.accumulator([1, 2], vector), true);
  is<Accumulator<number[]>>()(sc.accumulator([1, 2], vector, { name: "v" }), true);
  is<Accumulator<number>>()(sc.accumulator(0, { zero: () => 0, addInPlace: Math.max }), true);
  is<Accumulator<Set<string>>>()(
    sc.accumulator(new Set<string>(), {
      zero: () => new Set<string>(),
      addInPlace: (sum, amount) => sum.union(amount),
    }),
    true,
  );
  is<NumericAccumulator>()(sc.longAccumulator(), true);
  is<NumericAccumulator>()(sc.doubleAccumulator("mean"), true);
  is<NumericAccumulator>()(sc.doubleAccumulator({ name: "mean" }), true);
  is<CollectionAccumulator<string>>()(sc.collectionAccumulator<string>("odd"), true);
  const sum = sc.accumulator(0);
  is<number>()(sum.value, true);
  sum.value = 3;
  is<string[]>()(sc.collectionAccumulator<string>().value, true);
  // @ts-expect-error it holds numbers
  sum.add("1");
  // @ts-expect-error it holds numbers
  sum.value = 1n;
  // @ts-expect-error a text needs a param
  sc.accumulator("");
  // @ts-expect-error the param adds arrays
  sc.accumulator(0, vector);
  // @ts-expect-error a sum is read, not written
  sc.longAccumulator().value = 3;
  // @ts-expect-error there is no such option
  sc.accumulator(0, { named: "n" });
}

export function broadcasts(sc: SparkContext): void {
  is<Broadcast<number[]>>()(sc.broadcast([1, 2, 3]), true);
  is<Map<string, number>>()(sc.broadcast(new Map([["a", 1]])).value, true);
  // @ts-expect-error a value is for reading
  sc.broadcast(1).value = 2;
}
