/**
 * Chance that can be repeated: a seed and the number of a stream give the same numbers on every
 * machine, in every process and runtime, because nothing but integer arithmetic is used.
 *
 * The generator is xoshiro128** by Blackman and Vigna: 128 bits of state, period 2^128 - 1. Its
 * first state is the seed and the stream, mixed by the finalizer of MurmurHash3, so that streams of
 * neighbouring numbers (the partitions of a dataset) have nothing to do with each other.
 */

/** Odd constants that tell the words of the first state apart (fractions of the golden ratio). */
const WORDS = [0x9e3779b9, 0x3c6ef373, 0xdaa66d2b, 0x78dde6e5] as const;

/** A stream of pseudo-random numbers. Good for sampling; useless for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: any safe integer. `stream`: an integer from 0 to 2^32 - 1. */
  constructor(seed: number, stream = 0) {
    const low = seed | 0;
    const high = Math.floor(seed / 2 ** 32) | 0;
    const [a, b, c, d] = WORDS.map((word) => mixed(mixed(mixed(low ^ word) + high) + stream));
    this.#a = a!;
    this.#b = b!;
    this.#c = c!;
    // The state in which all bits are 0 would never be left.
    this.#d = (a! | b! | c! | d!) === 0 ? 1 : d!;
  }

  /** The next 32 bits, as an integer from 0 to 2^32 - 1. */
  bits(): number {
    const result = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotated(this.#d, 11);
    return result;
  }

  /** A number from 0 up to, but without, 1: a multiple of 2^-53, all equally likely. */
  next(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  /**
   * An integer from 0 up to, but without, `end` (at most 2^53). How likely two of them are differs by
   * less than end / 2^53.
   */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }
}

function rotated(word: number, bits: number): number {
  return word << bits | word >>> (32 - bits);
}

function mixed(word: number): number {
  word = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  word = Math.imul(word ^ word >>> 13, 0xc2b2ae35);
  return word ^ word >>> 16;
}
