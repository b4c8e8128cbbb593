/**
 * Quantiles of distributions, for the bounds of approximate actions: the value that a draw does not
 * exceed with a given probability.
 *
 *     normal              P(1/2, z²/2)       ┐ regularized incomplete gamma function
 *     Poisson             Q(k + 1, mean)     ┘
 *     Student's t         I(1/2 …)           ┐ regularized incomplete beta function
 *     negative binomial   I(successes, k+1)  ┘
 *
 * The functions are those of Numerical Recipes (series and continued fractions, chapter 6); quantiles
 * are found by halving.
 */

/** From so large a mean on, a Poisson distribution is normal but for its skew. */
const POISSON_MEAN_NORMAL = 100_000;
const ITERATIONS_MAX = 10_000;
const TINY = 1e-300;
const PRECISION = 1e-15;

/** The quantile of the standard normal distribution; `p` from 0 to 1. */
export function normalQuantile(p: number): number {
  return symmetric(p, (z) => 0.5 + 0.5 * gammaP(0.5, z * z / 2));
}

/** The quantile of Student's t distribution. */
export function studentQuantile(degreesOfFreedom: number, p: number): number {
  const n = degreesOfFreedom;
  return symmetric(p, (t) => 1 - 0.5 * betaI(n / (n + t * t), n / 2, 0.5));
}

/** The quantile of a Poisson distribution: a whole number. Above a mean of 100,000 to within one. */
export function poissonQuantile(mean: number, p: number): number {
  if (mean === 0 || p <= 0) return 0;
  if (p >= 1) return Infinity;
  if (mean > POISSON_MEAN_NORMAL) {
    // Cornish and Fisher's correction for the skew.
    const z = normalQuantile(p);
    return Math.max(0, Math.ceil(mean + z * Math.sqrt(mean) + (z * z - 1) / 6 - 0.5));
  }
  return leastWhole(mean, (k) => 1 - gammaP(k + 1, mean) >= p);
}

/**
 * The quantile of the failures before so many successes, each attempt a success with `chance`; what
 * is also called Pascal's distribution. A whole number.
 */
export function negativeBinomialQuantile(successes: number, chance: number, p: number): number {
  if (chance >= 1 || p <= 0) return 0;
  if (p >= 1) return Infinity;
  const mean = successes * (1 - chance) / chance;
  return leastWhole(mean, (k) => betaI(chance, successes, k + 1) >= p);
}

/** The quantile of a distribution that is symmetric about 0, by its `cumulated` for 0 and above. */
function symmetric(p: number, cumulated: (x: number) => number): number {
  if (p === 0.5) return 0;
  if (p <= 0 || p >= 1) return p <= 0 ? -Infinity : Infinity;
  const wanted = Math.max(p, 1 - p);
  let high = 1;
  while (cumulated(high) < wanted && high < 1e300) high *= 2;
  let low = 0;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (cumulated(middle) < wanted) low = middle;
    else high = middle;
  }
  return p < 0.5 ? -high : high;
}

/** The least whole number from 0 on for which `reaches` holds; it holds for all greater ones. */
function leastWhole(guess: number, reaches: (k: number) => boolean): number {
  let high = Math.ceil(guess) + 1;
  while (!reaches(high)) high *= 2;
  let low = -1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The lower regularized incomplete gamma function P(a, x). */
function gammaP(a: number, x: number): number {
  if (x <= 0) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < ITERATIONS_MAX && term > sum * PRECISION; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return scale * sum;
  }
  return 1 -
    scale * fraction((n) => n === 1 ? 1 : -(n - 1) * (n - 1 - a), (n) => x + 2 * n - 1 - a);
}

/** The regularized incomplete beta function I(x; a, b). */
function betaI(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges quickly on this side only.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaI(1 - x, b, a);
  const logScale = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) +
    b * Math.log1p(-x);
  const numerator = (n: number) => {
    if (n === 1) return 1;
    const m = Math.floor((n - 1) / 2);
    return n % 2 === 1
      ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
  };
  return Math.exp(logScale) / a * fraction(numerator, () => 1);
}

/** The continued fraction a1 / (b1 + a2 / (b2 + …)), by Lentz's method. */
function fraction(a: (n: number) => number, b: (n: number) => number): number {
  let value = TINY;
  let above = TINY;
  let below = 0;
  for (let n = 1; n < ITERATIONS_MAX; n++) {
    below = b(n) + a(n) * below;
    above = b(n) + a(n) / above;
    if (below === 0) below = TINY;
    if (above === 0) above = TINY;
    below = 1 / below;
    const change = above * below;
    value *= change;
    if (Math.abs(change - 1) < PRECISION) break;
  }
  return value;
}

/** Lanczos's coefficients for g = 7, as Godfrey reckoned them. */
const LANCZOS_0 = 0.99999999999980993;
const LANCZOS = [
  676.5203681218851,
  -1259.1392167224028,
  771.32342877765313,
  -176.61502916214059,
  12.507343278686905,
  -0.13857109526572012,
  9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

/** The logarithm of the gamma function, for numbers above 0. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const t = z + 7.5;
  const series = LANCZOS.reduce(
    (sum, coefficient, i) => sum + coefficient / (z + i + 1),
    LANCZOS_0,
  );
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series);
}
