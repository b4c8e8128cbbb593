/**
 * Doubles as bits whose order as unsigned numbers is the order of the values: -Infinity … Infinity,
 * NaN. The sign bit is flipped, and all bits of a negative number are inverted.
 */
const doubleValue = new Float64Array(1);
const doubleWords = new Uint32Array(doubleValue.buffer);
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const LOW = 1 - HIGH;

/**
 * The order-preserving bits of a double, as two integers of 32 bits: the high half is returned, the
 * low half is left for `orderedLow`. No allocation: this runs once a key.
 */
export function orderedHigh(value: number): number {
  if (value !== value) {
    doubleWords[LOW] = 0;
    return 0xfff80000 | 0; // above Infinity, whatever the payload of the NaN
  }
  doubleValue[0] = value === 0 ? 0 : value; // -0 and 0 are one key
  const high = doubleWords[HIGH]!;
  if (high < 0x80000000) return (high ^ 0x80000000) | 0;
  doubleWords[LOW] = ~doubleWords[LOW]!;
  return ~high;
}

/** The low half of the bits that the last `orderedHigh` made. */
export function orderedLow(): number {
  return doubleWords[LOW]! | 0;
}

/** The double whose order-preserving bits these are. */
export function doubleOfOrdered(high: number, low: number): number {
  const negative = high >= 0;
  doubleWords[HIGH] = negative ? ~high : high ^ 0x80000000;
  doubleWords[LOW] = negative ? ~low : low;
  return doubleValue[0]!;
}
