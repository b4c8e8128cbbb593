/**
 * Count, sum, mean, variance, least and greatest of numbers in one pass, mergeable across partitions.
 *
 * The sum of squared deviations is carried along (Welford) and merged pairwise (Chan et al.), as
 * Spark does: summing squares and subtracting loses all digits when the mean is large. The sum is
 * compensated (Neumaier), so that the sum and the mean do not depend on how the numbers were parted:
 * Spark's mean of 0, 1, … 5023, each 1,024 times, ends in 0000000273, and this one does not.
 */

/** A {@linkcode StatCounter} as plain data, in an order of its own. */
export type StatSummary = readonly [
  count: number,
  sum: number,
  sumRemainder: number,
  mean: number,
  squaredDeviations: number,
  max: number,
  min: number,
];

/**
 * Statistics of numbers, as `rdd.stats()` gives them; PySpark's `StatCounter`.
 *
 * An empty one has count 0, sum 0, mean 0, `max` -Infinity, `min` Infinity and NaN variances. NaN
 * among the numbers makes everything but the count NaN.
 *
 * @example
 * ```ts
 * import { StatCounter } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * const stats = new StatCounter([1, 2, 3, 4]);
 * assert.equal(stats.mean, 2.5);
 * assert.equal(stats.variance, 1.25);
 * ```
 */
export class StatCounter {
  #count = 0;
  #sum = 0;
  /** What rounding took from the sum so far. */
  #sumRemainder = 0;
  /** Welford's, which the squared deviations are made with. */
  #mean = 0;
  #squaredDeviations = 0;
  #max = -Infinity;
  #min = Infinity;

  /** Counts `values`, one after the other. */
  constructor(values: Iterable<number> = []) {
    for (const value of values) this.merge(value);
  }

  /** The counter that {@linkcode StatCounter.summary} was taken from. */
  static of(summary: StatSummary): StatCounter {
    const counter = new StatCounter();
    [
      counter.#count,
      counter.#sum,
      counter.#sumRemainder,
      counter.#mean,
      counter.#squaredDeviations,
      counter.#max,
      counter.#min,
    ] = summary;
    return counter;
  }

  /** Adds one number and returns this counter. */
  merge(value: number): this {
    const delta = value - this.#mean;
    this.#count++;
    this.#mean += delta / this.#count;
    this.#squaredDeviations += delta * (value - this.#mean);
    this.#addToSum(value);
    this.#max = Math.max(this.#max, value);
    this.#min = Math.min(this.#min, value);
    return this;
  }

  /** Adds all that `other` has counted and returns this counter; `other` may be this one. */
  mergeStats(other: StatCounter): this {
    if (other.#count === 0) return this;
    if (this.#count === 0) return this.#assign(other);
    const count = this.#count + other.#count;
    const delta = other.mean - this.mean;
    const mean = this.#mergedMean(other, delta, count);
    this.#squaredDeviations += other.#squaredDeviations +
      delta * delta * this.#count * other.#count / count;
    const remainder = other.#sumRemainder;
    this.#addToSum(other.#sum);
    this.#sumRemainder += remainder;
    this.#mean = mean;
    this.#max = Math.max(this.#max, other.#max);
    this.#min = Math.min(this.#min, other.#min);
    this.#count = count;
    return this;
  }

  /** Another counter with the same contents. */
  copy(): StatCounter {
    return StatCounter.of(this.summary());
  }

  /** The contents as plain data, to be sent elsewhere. */
  summary(): StatSummary {
    return [
      this.#count,
      this.#sum,
      this.#sumRemainder,
      this.#mean,
      this.#squaredDeviations,
      this.#max,
      this.#min,
    ];
  }

  /** How many numbers were counted. */
  get count(): number {
    return this.#count;
  }

  /** Their arithmetic mean; 0 for none. */
  get mean(): number {
    const { sum } = this;
    // A sum beyond the largest double still has a mean.
    return this.#count === 0 || !Number.isFinite(sum) ? this.#mean : sum / this.#count;
  }

  /** Their sum; 0 for none. */
  get sum(): number {
    // The remainder of an infinite sum says nothing.
    return Number.isFinite(this.#sum) ? this.#sum + this.#sumRemainder : this.#sum;
  }

  /** The greatest of them; -Infinity for none. */
  get max(): number {
    return this.#max;
  }

  /** The least of them; Infinity for none. */
  get min(): number {
    return this.#min;
  }

  /** The variance of these numbers (divided by their count); NaN for none. */
  get variance(): number {
    return this.#count === 0 ? NaN : this.#squaredDeviations / this.#count;
  }

  /** The standard deviation of these numbers; NaN for none. */
  get stdev(): number {
    return Math.sqrt(this.variance);
  }

  /** The variance of the population that they are a sample of (count - 1); NaN for fewer than 2. */
  get sampleVariance(): number {
    return this.#count <= 1 ? NaN : this.#squaredDeviations / (this.#count - 1);
  }

  /** The standard deviation of that population; NaN for fewer than 2. */
  get sampleStdev(): number {
    return Math.sqrt(this.sampleVariance);
  }

  /**
   * All figures by name. As in PySpark, `stdev` and `variance` are those of the population that the
   * numbers are a sample of; with `sample`, those of the numbers themselves.
   *
   * @example
   * ```ts
   * import { StatCounter } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const figures = new StatCounter([1, 2, 3, 4]).asDict();
   * assert.deepEqual(figures, {
   *   count: 4,
   *   mean: 2.5,
   *   sum: 10,
   *   min: 1,
   *   max: 4,
   *   stdev: 1.2909944487358056,
   *   variance: 1.6666666666666667,
   * });
   * ```
   */
  asDict(sample = false): Record<
    "count" | "mean" | "sum" | "min" | "max" | "stdev" | "variance",
    number
  > {
    const { count, mean, sum, min, max } = this;
    const stdev = sample ? this.stdev : this.sampleStdev;
    const variance = sample ? this.variance : this.sampleVariance;
    return { count, mean, sum, min, max, stdev, variance };
  }

  /** `(count: 4, mean: 2.5, stdev: 1.118033988749895, max: 4, min: 1)`, as Spark writes it. */
  toString(): string {
    const { count, mean, stdev, max, min } = this;
    return `(count: ${count}, mean: ${mean}, stdev: ${stdev}, max: ${max}, min: ${min})`;
  }

  /** What the console and `util.inspect` show instead of an empty class. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `StatCounter ${this}`;
  }

  /** The figures by name, for `JSON.stringify`. */
  toJSON(): Readonly<Record<"count" | "sum" | "mean" | "stdev" | "max" | "min", number>> {
    const { count, sum, mean, stdev, max, min } = this;
    return { count, sum, mean, stdev, max, min };
  }

  /** Neumaier's addition: what rounding takes from the smaller of the two is kept apart. */
  #addToSum(value: number): void {
    const sum = this.#sum + value;
    this.#sumRemainder += Math.abs(this.#sum) >= Math.abs(value)
      ? this.#sum - sum + value
      : value - sum + this.#sum;
    this.#sum = sum;
  }

  /** From the nearer side where one count dwarfs the other, so that no digits are lost. */
  #mergedMean(other: StatCounter, delta: number, count: number): number {
    if (other.#count * 10 < this.#count) return this.mean + delta * other.#count / count;
    if (this.#count * 10 < other.#count) return other.mean - delta * this.#count / count;
    return (this.mean * this.#count + other.mean * other.#count) / count;
  }

  #assign(other: StatCounter): this {
    this.#count = other.#count;
    this.#sum = other.#sum;
    this.#sumRemainder = other.#sumRemainder;
    this.#mean = other.#mean;
    this.#squaredDeviations = other.#squaredDeviations;
    this.#max = other.#max;
    this.#min = other.#min;
    return this;
  }
}
