/** Pieces of bytes as strings and as bytes of their own, fast also where they are short. */

/** Up to so many bytes, ASCII is read faster by fromCharCode than by a TextDecoder. */
const SHORT_ASCII_BYTES = 48;
const NAME_BYTES_MAX = 31;
const NAMES_MAX = 1 << 9;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of bytes; undefined if they are not UTF-8. A decoder that refuses is two to four times as
 * slow as one that puts U+FFFD where something is wrong, so it is asked only where U+FFFD appears.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const text = utf8.decode(bytes);
  if (!text.includes("\uFFFD")) return text;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text of `bytes` from `from` to `to`; undefined if they are not UTF-8. */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from <= SHORT_ASCII_BYTES) {
    let all = 0;
    for (let i = from; i < to; i++) all |= bytes[i]!;
    if (all < 0x80) return readAscii(bytes, from, to);
  }
  return decodeUtf8(bytes.subarray(from, to));
}

/** The text of ASCII bytes. */
export function readAscii(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > SHORT_ASCII_BYTES) return utf8.decode(bytes.subarray(from, to));
  let text = "";
  let i = from;
  for (; i + 8 <= to; i += 8) {
    text += String.fromCharCode(
      bytes[i]!,
      bytes[i + 1]!,
      bytes[i + 2]!,
      bytes[i + 3]!,
      bytes[i + 4]!,
      bytes[i + 5]!,
      bytes[i + 6]!,
      bytes[i + 7]!,
    );
  }
  if (i + 4 <= to) {
    text += String.fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!);
    i += 4;
  }
  switch (to - i) {
    case 1:
      return text + String.fromCharCode(bytes[i]!);
    case 2:
      return text + String.fromCharCode(bytes[i]!, bytes[i + 1]!);
    case 3:
      return text + String.fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!);
  }
  return text;
}

/**
 * The names of properties that were read lately. The same few come with every record; a string that
 * is the same object each time is also found faster as a name.
 */
export class NameCache {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(NAMES_MAX).fill(undefined);
  readonly #texts: string[] = new Array(NAMES_MAX).fill("");

  /** The text of a name; undefined if the bytes are not UTF-8. */
  read(bytes: Uint8Array, from: number, to: number): string | undefined {
    const length = to - from;
    if (length > NAME_BYTES_MAX) return readUtf8(bytes, from, to);
    let hash = length;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 9)) & (NAMES_MAX - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known[i] === bytes[from + i]) i++;
      if (i === length) return this.#texts[slot];
    }
    const text = readUtf8(bytes, from, to);
    if (text === undefined) return undefined;
    this.#bytes[slot] = copyOf(bytes, from, to);
    this.#texts[slot] = text;
    return text;
  }
}

/** Bytes in a buffer of their own; unlike `slice` also where `bytes` is a Node Buffer. */
export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}
