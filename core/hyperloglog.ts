/**
 * How many different keys there are, about, in a few kilobytes (HyperLogLog; Flajolet et al. 2007).
 *
 *     key ─► canonical bytes ─► hash of 64 bits
 *                               ├─ p bits ──────► which of 2^p registers
 *                               └─ the others ──► how many zeros they begin with, and 1
 *
 * A register keeps the greatest it has met, so equal keys change nothing and counters merge by the
 * greater register. The estimate is Ertl's (2017), which needs no tables and no cases: it is right
 * from none to more than there will ever be.
 */
import { KeyWriter } from "./key.ts";

/** The fewest and the most bits that choose a register: 16 bytes to 16 MB. */
const INDEX_BITS_MIN = 4;
const INDEX_BITS_MAX = 24;
/** The standard error of a counter is this divided by the root of its registers; Spark reckons so. */
const ERROR_OF_ONE = 1.054;

/** The least relative standard error that can be asked for. */
export const RELATIVE_ERROR_MIN = 0.00026;

/** One for all counters: they are many where each key has its own. */
const WRITER = new KeyWriter(64);

function registersFor(relativeError: number): Uint8Array<ArrayBuffer> {
  const bits = Math.ceil(2 * Math.log2(ERROR_OF_ONE / relativeError));
  return new Uint8Array(2 ** Math.min(Math.max(bits, INDEX_BITS_MIN), INDEX_BITS_MAX));
}

/** Counts different keys by their canonical bytes. */
export class HyperLogLog {
  /** Plain data that crosses processes: 2^p bytes. */
  readonly registers: Uint8Array<ArrayBuffer>;
  readonly #indexBits: number;

  /** `relativeError`: the standard error wanted, from `RELATIVE_ERROR_MIN` up; 0.05 is 5 %. */
  constructor(relativeError: number, registers = registersFor(relativeError)) {
    this.registers = registers;
    this.#indexBits = 31 - Math.clz32(registers.length);
  }

  /** A counter over the registers of another one: what it counts is counted there. */
  static over(registers: Uint8Array<ArrayBuffer>): HyperLogLog {
    return new HyperLogLog(NaN, registers);
  }

  /** Counts a key. Throws a RecordError `UnhashableKey` for what is none. */
  add(key: unknown): void {
    const writer = WRITER;
    writer.end = 0;
    writer.writeGroupingKey(key);
    this.#addHash(writer.bytes, writer.end);
  }

  /** Adds what another counter with as many registers has met. */
  merge(registers: Uint8Array): void {
    for (let i = 0; i < registers.length; i++) {
      if (registers[i]! > this.registers[i]!) this.registers[i] = registers[i]!;
    }
  }

  /** About how many different keys were counted: a whole number. */
  estimate(): number {
    const count = this.registers.length;
    const greatest = 64 - this.#indexBits + 1;
    const histogram = new Float64Array(greatest + 1);
    for (const register of this.registers) histogram[register]!++;
    let sum = count * tau(1 - histogram[greatest]! / count);
    for (let value = greatest - 1; value >= 1; value--) sum = (sum + histogram[value]!) / 2;
    sum += count * sigma(histogram[0]! / count);
    return Math.round(count * count / (2 * Math.LN2 * sum));
  }

  /** Two chains of 32 bits over the bytes, each mixed into the other at the end. */
  #addHash(bytes: Uint8Array, length: number): void {
    let a = 0xdeadbeef;
    let b = 0x41c6ce57;
    for (let i = 0; i < length; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x9e3779b1);
      b = Math.imul(b ^ bytes[i]!, 0x5f356495);
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    const high = mixed(a ^ Math.imul(b, 0x85ebca6b));
    const low = mixed(b ^ Math.imul(high, 0xc2b2ae35));
    const index = high >>> (32 - this.#indexBits);
    // The bits of `high` that are left come first; the 1 behind them ends a row of zeros.
    const left = high << this.#indexBits;
    const zeros = left !== 0 ? Math.clz32(left) : 32 - this.#indexBits + Math.clz32(low);
    if (zeros + 1 > this.registers[index]!) this.registers[index] = zeros + 1;
  }
}

/** Murmur's last step: every bit of the input changes half of the output. */
function mixed(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Σ x^(2^k) · 2^(k-1), and x: what empty registers say. Infinite for 1, where nothing was counted. */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let power = x;
  let weight = 1;
  let sum = x;
  for (let before = NaN; before !== sum;) {
    power *= power;
    before = sum;
    sum += power * weight;
    weight *= 2;
  }
  return sum;
}

/** (1 - x - Σ (1 - x^(2^-k))² · 2^-k) / 3: what full registers say. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let weight = 1;
  let sum = 1 - x;
  for (let before = NaN; before !== sum;) {
    root = Math.sqrt(root);
    before = sum;
    weight /= 2;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
