/** What travels in functions and not in records, a broadcast or an accumulator: what it is, in words. */
export const FUNCTION_ONLY: unique symbol = Symbol.for("flint.functionOnly");

/** What such an object is, such as `a broadcast`; undefined for every other value. */
export function functionOnly(value: object): string | undefined {
  return (value as { [FUNCTION_ONLY]?: string })[FUNCTION_ONLY];
}
