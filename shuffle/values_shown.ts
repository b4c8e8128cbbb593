/** How `Values` look on the console: the values, not how they are kept. */
import type { Values } from "./values.ts";

/** By this name consoles ask an object how it is to be shown. */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What the console gives for showing what is inside. */
export type Inspect = (value: unknown, options: unknown) => string;

const VALUES_SHOWN_MAX = 100;

/** `Values(3) [ 1, 2, 3 ]`; of very many values the first hundred. */
export function inspected<V>(values: Values<V>, inspect: Inspect, options: unknown): string {
  const first: V[] = [];
  for (const value of values) {
    if (first.push(value) === VALUES_SHOWN_MAX) break;
  }
  const more = values.length - first.length;
  const rest = more > 0 ? ` and ${more} more` : "";
  return `Values(${values.length}) ${inspect(first, options)}${rest}`;
}
