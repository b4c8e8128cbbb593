/** The bytes of MessagePack, and the extension types that Flint adds (binary.ts says what for). */

/** MessagePack's own first bytes. Those of small values hold the value or count in their low bits. */
export const MAP_SMALL = 0x80;
export const ARRAY_SMALL = 0x90;
export const STRING_SMALL = 0xa0;
export const NIL = 0xc0;
export const FALSE = 0xc2;
export const TRUE = 0xc3;
export const BINARY_8 = 0xc4;
export const BINARY_16 = 0xc5;
export const BINARY_32 = 0xc6;
export const EXTENSION_8 = 0xc7;
export const EXTENSION_16 = 0xc8;
export const EXTENSION_32 = 0xc9;
export const FLOAT_32 = 0xca;
export const FLOAT_64 = 0xcb;
export const UINT_8 = 0xcc;
export const UINT_16 = 0xcd;
export const UINT_32 = 0xce;
export const UINT_64 = 0xcf;
export const INT_8 = 0xd0;
export const INT_16 = 0xd1;
export const INT_32 = 0xd2;
export const INT_64 = 0xd3;
/** Extensions of 1, 2, 4, 8, 16 bytes: this and the four that follow. */
export const EXTENSION_FIXED = 0xd4;
export const STRING_8 = 0xd9;
export const STRING_16 = 0xda;
export const STRING_32 = 0xdb;
export const ARRAY_16 = 0xdc;
export const ARRAY_32 = 0xdd;
export const MAP_16 = 0xde;
export const MAP_32 = 0xdf;
export const NEGATIVE_SMALL = 0xe0;

/** No data. */
export const UNDEFINED = 0;
/** u32: the number of an object that has begun earlier in the same value. */
export const REFERENCE = 1;
/** UTF-16 units, little-endian: a string with lone surrogates. */
export const TEXT_16 = 2;
/** 8 bytes: a signed integer; or a sign (0 or 1) and the magnitude, big-endian. */
export const BIGINT = 3;
/** float64: the time value, NaN if invalid. */
export const DATE = 4;
/** Key, value, key, value … */
export const MAP = 5;
/** Value, value … */
export const SET = 6;
/** Source, flags, lastIndex. */
export const REGEXP = 7;
/** The index of its class in TYPED_ARRAYS (one byte), then its bytes, little-endian. */
export const TYPED_ARRAY = 8;
export const ARRAY_BUFFER = 9;
export const DATA_VIEW = 10;
/** The name of its class, a map of hidden properties (message, stack …), a map of the others. */
export const ERROR = 11;
/** Length, then index, value, index, value … */
export const SPARSE_ARRAY = 12;
/** Name, value, name, value …: an object without a prototype. */
export const BARE_OBJECT = 13;
/** The id of its class, then a map of its properties or an ERROR. */
export const INSTANCE = 14;

/** Nesting that no honest record has. */
export const VALUE_DEPTH_MAX = 1000;

type TypedArrayClass = {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  readonly prototype: object;
  new (buffer: ArrayBuffer): ArrayBufferView;
};

/** Their place in this list is what is written: only ever add at the end. */
export const TYPED_ARRAYS: readonly TypedArrayClass[] = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
];

/** The classes of errors that every process has, by name. */
export const ERROR_CLASSES: ReadonlyMap<string, { readonly prototype: Error }> = new Map(
  [
    Error,
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    AggregateError,
  ].map((errorClass) => [errorClass.name, errorClass]),
);

/** Properties of errors that are not enumerable. */
export const HIDDEN_ERROR_PROPERTIES: readonly string[] = ["message", "stack", "cause", "errors"];
