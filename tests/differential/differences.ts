/**
 * Where Flint and PySpark differ on purpose: the one list, read by the generator, which leaves these
 * cases out or compares them more loosely, and shown in docs/guide/differences.md.
 */

export type Difference = Readonly<{
  what: string;
  pyspark: string;
  flint: string;
  why: string;
  /** What the differential test does about it. */
  tested: string;
}>;

export const DIFFERENCES = {
  placement: {
    what: "Where a key goes",
    pyspark: "`portable_hash`, so by Python's hashes",
    flint: "the hash of the key's bytes",
    why: "The same in every process, runtime and version",
    tested: "The order of records after an exchange by hash is free",
  },
  slices: {
    what: "Slices of `parallelize`",
    pyspark: "whole batches of pickled records",
    flint: "`i * length / n`, as Scala's Spark",
    why: "Nothing is pickled in batches",
    tested: "What depends on a partition's index is compared after `partitionBy` with a function",
  },
  ties: {
    what: "Equal keys after a sort",
    pyspark: "in the order in which blocks arrived",
    flint: "in the order of the input",
    why: "A result should not depend on timing",
    tested: "Records of equal keys are compared as a multiset",
  },
  takeAfterExchange: {
    what: "`take` and `first` after an exchange by hash",
    pyspark: "the first of its order",
    flint: "the first of its own",
    why: "Follows from where a key goes",
    tested: "Only after operators that keep an order",
  },
  lastOfKey: {
    what: "`collectAsMap` with a key twice",
    pyspark: "the last that was collected",
    flint: "the last that was collected; arrays, Dates and objects are equal by value there too",
    why: "Which one that is follows from the order",
    tested: "Only where an order is kept, or where keys are unique",
  },
  missingSide: {
    what: "The missing side of an outer join",
    pyspark: "`None`",
    flint: "`undefined`",
    why: "`??` and default values work on both, and null stays a value",
    tested: "A lambda puts -1 in its place on both sides",
  },
  booleans: {
    what: "`true` and 1 as keys",
    pyspark: "one key (`True == 1`)",
    flint: "two keys",
    why: "JavaScript's `===`",
    tested: "Booleans are keys only among themselves, else values",
  },
  bigints: {
    what: "Integers from 2^53",
    pyspark: "`int`; `2**60 == 2.0**60`",
    flint: "bigint; `1n` and `1` are two keys, which lie among each other by value",
    why: "JavaScript has two types of them",
    tested: "Bigints only beyond 2^53, where no number is equal to them",
  },
  negativeZero: {
    what: "-0 as a key",
    pyspark: "one key with 0, written as the one that came first",
    flint: "one key with 0, written as 0",
    why: "Which came first depends on timing",
    tested: "-0 is written as 0",
  },
  notANumber: {
    what: "NaN as a key",
    pyspark: "a new key each time, and no order",
    flint: "one key, after all numbers",
    why: "Sorting must be total, and grouping must end",
    tested: "NaN is a value, never a key",
  },
  mixedSort: {
    what: "Sorting None and numbers, or texts",
    pyspark: "a TypeError",
    flint: "null and undefined come last; other mixtures are a RecordError (KeyTypeMismatch)",
    why: "Data has holes",
    tested: "Only records of one type are sorted",
  },
  unhashable: {
    what: "Lists as keys",
    pyspark: "a TypeError; tuples are keys",
    flint: "arrays are keys, by value",
    why: "JavaScript has one kind of array",
    tested: "Python's side makes tuples only",
  },
  textLength: {
    what: "Length of a text",
    pyspark: "code points",
    flint: "UTF-16 units: `text.length` is JavaScript's",
    why: "Lambdas are JavaScript",
    tested: "Lambdas count code points; the order of texts is by code point in both",
  },
  loneSurrogates: {
    what: "Half of a surrogate pair",
    pyspark: "a character of its own, also where the other half follows",
    flint: "with the other half after it, one character",
    why: "JavaScript's strings are UTF-16",
    tested: "Texts hold halves, and no lambda puts two together",
  },
  dates: {
    what: "Points in time",
    pyspark: "`datetime`, to the microsecond",
    flint: "Date, to the millisecond; all invalid ones are one key, the last",
    why: "JavaScript's type",
    tested: "Whole milliseconds, none invalid",
  },
  chance: {
    what: "`sample`, `takeSample`, `sampleByKey`, `randomSplit` with a seed",
    pyspark: "Python's random numbers",
    flint: "its own, the same on every machine",
    why: "A seed promises the same draw again, not Python's",
    tested: "Not compared; their laws are tested in tests/runtime/sampling_test.ts",
  },
  sketches: {
    what: "`countApproxDistinct`",
    pyspark: "HyperLogLog over Java's hashes",
    flint: "HyperLogLog over the hashes of keys",
    why: "Another estimate within the same error",
    tested: "Not compared",
  },
  approximate: {
    what: "`countApprox`, `sumApprox`, `meanApprox`",
    pyspark: "wait for all tasks; `countApprox` is a whole number without bounds",
    flint: "end at the timeout; all of them are a BoundedFloat, by Spark's formulas",
    why: "A timeout is one, and an estimate should say how wrong it may be",
    tested: "Not compared",
  },
  floatSums: {
    what: "`sum`, `mean` and `variance` of floats",
    pyspark: "depend on the order of adding",
    flint: "do not: sums are exact and rounded once",
    why: "The same figure whatever the partitions",
    tested: "Floats are multiples of 1/4, statistics are compared to ten digits",
  },
  localCheckpoints: {
    what: "`localCheckpoint`, and executors that are lost",
    pyspark: "the lineage is cut, so the job fails",
    flint: "the lineage stays, so the partition is computed again",
    why: "Losing time is better than losing data",
    tested: "Programs persist nothing",
  },
  packedInput: {
    what: "Packed data in a file without its ending, UTF-16, `.zip`, files of `/proc` as text",
    pyspark: "read as lines of garbage, or as empty",
    flint: "an InputError (InputUnsupported) that says what it is",
    why: "Garbage is worse than a refusal",
    tested: "Programs read no files",
  },
  changedInput: {
    what: "A file that is replaced or cut between the look at it and its task",
    pyspark: "whatever is there then",
    flint: "an InputError (InputChanged); of one that has grown, what it had",
    why: "A result is that of one state of the input",
    tested: "Programs read no files",
  },
  pickleFiles: {
    what: "`saveAsPickleFile` and `pickleFile`",
    pyspark: "pickles in a sequence file of Hadoop",
    flint: "object files of its own, with a checksum for each block",
    why: "Records are JavaScript's",
    tested: "Programs read no files",
  },
  addedFiles: {
    what: "`SparkFiles.get` of a name that nobody added",
    pyspark: "a path of nothing",
    flint: "an InputError (InputNotFound)",
    why: "A worker that has once looked for a module in vain never finds it",
    tested: "Programs read no files",
  },
} as const satisfies Record<string, Difference>;

export type DifferenceName = keyof typeof DIFFERENCES;

/** The table as Markdown. */
export function differencesTable(): string {
  const rows = Object.values(DIFFERENCES).map(({ what, pyspark, flint, why, tested }) =>
    `| ${[what, pyspark, flint, why, tested].join(" | ")} |`
  );
  const heads = ["What", "PySpark", "Flint", "Why", "In the differential test"];
  return [`| ${heads.join(" | ")} |`, `|${" --- |".repeat(heads.length)}`, ...rows].join("\n");
}
