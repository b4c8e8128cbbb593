/**
 * What makes TypeScript see a pair in `words.map((word) => [word, 1])`.
 *
 * Left to itself it infers `(string | number)[]`, and `reduceByKey` would not compile. A constraint
 * that mentions tuples makes it infer `[string, number]`; as everything fits the constraint, it
 * forbids nothing.
 *
 * It makes tuples of *all* array literals: `map((n) => [n])` is an `RDD<[number]>`. Where an array of
 * any length is meant, say so: `map((n): number[] => [n])`, or `map<number[]>((n) => [n])`.
 */
export type Hint =
  | readonly []
  | [Hint, Hint]
  | [Hint, Hint, Hint]
  // deno-lint-ignore ban-types -- it means: anything but null and undefined, and widens literals
  | {}
  | null
  | undefined;
