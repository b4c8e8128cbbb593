/**
 * Reads keys back from their canonical bytes (key.ts describes them).
 *
 * Bytes that are no key throw a RecordError `CorruptBlock`; nothing is read beyond `end`.
 */
import { decodeUtf8, readAscii } from "./codec/text.ts";
import { RecordError } from "./errors.ts";
import {
  ARRAY,
  BIGINT_ABOVE,
  BIGINT_BELOW,
  BYTES,
  DATE,
  END,
  ESCAPE,
  EXACT_NUMBER,
  FALSE,
  NULL,
  NUMERIC,
  OBJECT,
  STRING,
  TEXTS_JOINT,
  TRUE,
  UNDEFINED,
} from "./key_tags.ts";
import { KEY_DEPTH_MAX } from "./key_refusal.ts";
import { doubleOfOrdered } from "./ordered_double.ts";

/** Reads the keys that lie one after the other in `bytes`. `at` is where the next one starts. */
export class KeyReader {
  bytes: Uint8Array;
  at: number;
  end: number;
  #depth = 0;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The next key, equal to the one that was written: a value of its own, sharing no memory. */
  read(): unknown {
    this.#depth = 0;
    return this.#any();
  }

  #any(): unknown {
    const tag = this.#byte();
    switch (tag) {
      case STRING:
        return this.#string();
      case NUMERIC:
        return this.#numeric();
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case DATE:
        return new Date(this.#double());
      case BYTES:
        return this.#bytes();
      case ARRAY:
        return this.#array();
      case OBJECT:
        return this.#object();
    }
    throw corrupt(`${tag} at byte ${this.at - 1} begins no key`);
  }

  #array(): unknown[] {
    this.#descend();
    const items: unknown[] = [];
    while (!this.#ends()) items.push(this.#any());
    this.#depth--;
    return items;
  }

  #object(): Record<string, unknown> {
    this.#descend();
    const object: Record<string, unknown> = {};
    while (!this.#ends()) {
      const name = this.#any();
      if (typeof name !== "string") throw corrupt("the name of a property is no string");
      const value = this.#any();
      if (name === "__proto__") {
        Object.defineProperty(object, name, {
          value,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      } else {
        object[name] = value;
      }
    }
    this.#depth--;
    return object;
  }

  #numeric(): number | bigint {
    const double = this.#double();
    const side = this.#byte();
    if (side === EXACT_NUMBER) return double;
    if (!Number.isInteger(double)) throw corrupt(`${double} is no bigint`);
    switch (side) {
      case BIGINT_BELOW:
        return BigInt(double) - this.#magnitude(0xff);
      case BIGINT_ABOVE:
        return BigInt(double) + this.#magnitude(0);
    }
    throw corrupt(`${side} at byte ${this.at - 1} ends no number`);
  }

  #double(): number {
    const { bytes, at } = this;
    if (at + 8 > this.end) throw endsEarly();
    this.at = at + 8;
    return doubleOfOrdered(
      (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!,
      (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!,
    );
  }

  #magnitude(flip: number): bigint {
    let count = this.#byte() ^ flip;
    if (count === 0) return 0n;
    if (count === 0xff) {
      count = 0;
      for (let i = 0; i < 4; i++) count = count * 256 + (this.#byte() ^ flip);
    }
    if (this.at + count > this.end) throw endsEarly();
    const digits: string[] = ["0x"];
    for (const stop = this.at + count; this.at < stop; this.at++) {
      digits.push(((this.bytes[this.at]! ^ flip) | 0x100).toString(16).slice(1));
    }
    return BigInt(digits.join(""));
  }

  #string(): string {
    const { bytes, at, end } = this;
    let stop = at;
    let odd = 0; // gets a bit outside of 0…7F when a byte outside of 02…7F passes
    for (; stop < end && bytes[stop] !== END; stop++) odd |= (bytes[stop]! - 2) | bytes[stop]!;
    if (stop >= end) throw endsEarly();
    if ((odd & ~0x7f) !== 0) return decodeWtf8(this.#bytes());
    this.at = stop + 1;
    return readAscii(bytes, at, stop);
  }

  #bytes(): Uint8Array<ArrayBuffer> {
    const { bytes, at } = this;
    const stop = bytes.indexOf(END, at);
    if (stop < 0 || stop >= this.end) throw endsEarly();
    const out = new Uint8Array(stop - at);
    let length = 0;
    for (let i = at; i < stop; i++) {
      if (bytes[i] !== ESCAPE) {
        out[length++] = bytes[i]!;
        continue;
      }
      const escaped = bytes[++i]! - 1;
      if (escaped !== 0 && escaped !== 1) throw corrupt(`${escaped + 1} follows an escape`);
      out[length++] = escaped;
    }
    this.at = stop + 1;
    return length === out.length ? out : out.slice(0, length);
  }

  #descend(): void {
    if (++this.#depth > KEY_DEPTH_MAX) throw corrupt(`it is nested over ${KEY_DEPTH_MAX} deep`);
  }

  /** Steps over an END, if the next byte is one. */
  #ends(): boolean {
    if (this.at >= this.end) throw endsEarly();
    if (this.bytes[this.at] !== END) return false;
    this.at++;
    return true;
  }

  #byte(): number {
    if (this.at >= this.end) throw endsEarly();
    return this.bytes[this.at++]!;
  }
}

/** The key that starts at `at`. Use a KeyReader to learn where it ends. */
export function readKey(bytes: Uint8Array, at = 0, end: number = bytes.length): unknown {
  return new KeyReader(bytes, at, end).read();
}

/** The strings whose keys lie one behind the other and fill `bytes`, read together where they can be. */
export function readTexts(bytes: Uint8Array): string[] {
  if (bytes.length > 0 && !bytes.includes(ESCAPE)) {
    const text = decodeUtf8(bytes.subarray(1, -1)); // without the first STRING and the last END
    if (text !== undefined) return text.split(TEXTS_JOINT);
  }
  const reader = new KeyReader(bytes);
  const texts: string[] = [];
  while (reader.at < bytes.length) texts.push(reader.read() as string);
  return texts;
}

/** Text as UTF-8, or, where that fails, with lone surrogates as code points of their own. */
function decodeWtf8(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeSurrogates(bytes);
}

function decodeSurrogates(bytes: Uint8Array): string {
  const parts: string[] = [];
  let from = 0; // of what is UTF-8
  const takeUtf8 = (to: number) => {
    if (from === to) return;
    const text = decodeUtf8(bytes.subarray(from, to));
    if (text === undefined) throw corrupt("its text is not WTF-8");
    parts.push(text);
  };
  for (let i = bytes.indexOf(0xed); i >= 0; i = bytes.indexOf(0xed, i + 1)) {
    const second = bytes[i + 1] ?? 0;
    const third = bytes[i + 2] ?? 0;
    if (second < 0xa0 || second > 0xbf || (third & 0xc0) !== 0x80) continue;
    takeUtf8(i);
    parts.push(String.fromCharCode(0xd000 | ((second & 63) << 6) | (third & 63)));
    from = i + 3;
  }
  takeUtf8(bytes.length);
  return parts.join("");
}

function endsEarly(): RecordError {
  return corrupt("it ends early");
}

function corrupt(detail: string): RecordError {
  return new RecordError("CorruptBlock", `Cannot read a key: ${detail}`);
}
