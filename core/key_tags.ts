/** The bytes that say what follows in the canonical bytes of a key (key.ts). */

/** Ends a string, bytes, an array or an object. */
export const END = 0x00;
/** Stands before 01 (for a byte 00) and 02 (for a byte 01) inside strings and bytes. */
export const ESCAPE = 0x01;
export const FALSE = 0x10;
export const TRUE = 0x11;
/** Begins a number or bigint: 8 bytes of a double follow, and then one of the next three. */
export const NUMERIC = 0x20;
/** The value is a bigint below the double. */
export const BIGINT_BELOW = 0x28;
/** The value is the double: a number. */
export const EXACT_NUMBER = 0x29;
/** The value is a bigint at or above the double. */
export const BIGINT_ABOVE = 0x2a;
export const DATE = 0x30;
export const STRING = 0x40;
export const BYTES = 0x48;
export const ARRAY = 0x50;
export const OBJECT = 0x58;
export const NULL = 0x60;
export const UNDEFINED = 0x61;

/** Between two strings that lie one behind the other: the end of one and the beginning of the next. */
export const TEXTS_JOINT = String.fromCharCode(END, STRING);
