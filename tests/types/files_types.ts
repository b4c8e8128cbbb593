/** What compiles, what does not, and which types come out, of files: see rdd_types.ts. */
import { type RDD, type SparkContext, SparkFiles } from "../../mod.ts";

/** Compiles only if T and U are the same type. */
type Same<T, U> = (<X>() => X extends T ? 1 : 2) extends (<X>() => X extends U ? 1 : 2) ? true
  : false;
function is<U>(): <R>(rdd: R, same: Same<R, RDD<U>>) => void {
  return () => {};
}

export async function saving(sc: SparkContext): Promise<void> {
  const numbers = sc.range(10);
  const { signal } = new AbortController();
  await numbers.saveAsTextFile("out");
  await numbers.saveAsTextFile(new URL("file:///out"), { compression: "gzip", signal });
  await numbers.saveAsTextFile("out", "org.apache.hadoop.io.compress.GzipCodec", { signal });
  await numbers.saveAsTextFile("out", null);
  // @ts-expect-error: there is no such compression
  await numbers.saveAsTextFile("out", { compression: "lz4" });
  // @ts-expect-error: a level is no option
  await numbers.saveAsTextFile("out", { level: 9 });
  await numbers.saveAsObjectFile("out", { compression: "zstd" });
  await numbers.saveAsPickleFile("out", 10);
  await numbers.saveAsPickleFile("out", 10, { compression: "none", signal });
  await numbers.saveAsPickleFile("out", { compression: "gzip" });
  // @ts-expect-error: object files have no codecs of Hadoop
  await numbers.saveAsObjectFile("out", "org.apache.hadoop.io.compress.GzipCodec");
}

export function reading(sc: SparkContext): void {
  is<unknown>()(sc.objectFile("in"), true);
  is<[string, number]>()(sc.objectFile<[string, number]>("in", 3), true);
  is<number>()(sc.pickleFile<number>("in", { partitionsMin: 3 }), true);
  is<string>()(sc.checkpointFile<string>(new URL("file:///in")), true);
  sc.objectFile<[string, number]>("in").reduceByKey((a, b) => a + b);
  // @ts-expect-error: records of no known type are no pairs
  sc.objectFile("in").reduceByKey((a: number, b: number) => a + b);
  // @ts-expect-error: a number is no path
  sc.objectFile(1);
}

export async function iterating(sc: SparkContext): Promise<void> {
  const { signal } = new AbortController();
  for await (const n of sc.range(3).toLocalIterator(true, { signal })) n.toFixed();
  for await (const n of sc.range(3).toLocalIterator({ prefetch: true, signal })) n.toFixed();
  // @ts-expect-error: how many partitions are computed ahead cannot be chosen
  sc.range(3).toLocalIterator({ prefetch: 2 });
}

export async function files(sc: SparkContext): Promise<void> {
  await sc.addFile("a", true);
  await sc.addFile(new URL("file:///a"), { recursive: true });
  await sc.addPyFile("a.ts");
  await sc.addModule("a.ts");
  await sc.addArchive("a.zip#a");
  const paths: string[] = [...sc.listFiles, ...sc.listArchives, SparkFiles.get("a")];
  const directory: string | undefined = sc.getCheckpointDir();
  void [paths, directory];
  // @ts-expect-error: an archive has no folders to be asked about
  await sc.addArchive("a.zip", { recursive: true });
  // @ts-expect-error: a name is a text
  SparkFiles.get(1);
}

export function checkpoints(sc: SparkContext): void {
  const numbers = sc.range(3);
  const nothing: void = numbers.checkpoint();
  const file: string | undefined = numbers.getCheckpointFile();
  const done: boolean = numbers.isCheckpointed();
  void [nothing, file, done];
}
