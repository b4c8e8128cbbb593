/** Whether keys are equal, without an exchange: `lookup` and `includes` look for one among many. */
import { compareBytes, encodeKey, KeyWriter } from "./key.ts";

/**
 * What tells for any key whether it equals `wanted` by value: exactly where their canonical bytes are
 * equal. Throws a RecordError `UnhashableKey` where `wanted`, or an object that is looked at, is none.
 */
export function keyMatcher(wanted: unknown): (key: unknown) => boolean {
  const bytes = encodeKey(wanted);
  if (typeof wanted !== "object" || wanted === null) {
    return (key) => key === wanted || wanted !== wanted && key !== key;
  }
  const writer = new KeyWriter(64);
  return (key) => {
    if (typeof key !== "object" || key === null) return false;
    writer.end = 0;
    writer.writeGroupingKey(key);
    return compareBytes(writer.bytes, 0, writer.end, bytes, 0, bytes.length) === 0;
  };
}
