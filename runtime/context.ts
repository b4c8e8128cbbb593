/**
 * The way in: a context starts an engine, makes datasets of what there is, and cleans up.
 *
 *     new SparkContext ─► settings ─► engine ─┐
 *                                             ├─► Driver ◄── Dataset ◄── RDD<T>
 *            inspector ─► capture ────────────┘
 */
import { DRIVER_ONLY } from "../core/driver_only.ts";
import { EventBus } from "../core/events.ts";
import {
  type Accumulator,
  type AccumulatorOptions,
  type AccumulatorParam,
  type CollectionAccumulator,
  newAccumulator,
  newCollectionAccumulator,
  newNumericAccumulator,
  type NumericAccumulator,
} from "./accumulator.ts";
import { denoPlatform } from "../workers/platform_deno.ts";
import { provideFiles } from "../workers/spark_files.ts";
import { Application } from "./application.ts";
import { type ActionOptions, callable, optionsOf, text, wholeNumber } from "./arguments.ts";
import type { Broadcast } from "./broadcast.ts";
import { awaited } from "./call_site.ts";
import type { Settings } from "./config/settings.ts";
import { keysIgnoredLocally, SparkConf } from "./config/spark_conf.ts";
import { setSystemProperty, systemProperty } from "./config/system_properties.ts";
import { Dataset } from "./dataset.ts";
import type { Driver } from "./driver.ts";
import type { AddFileOptions } from "./files/added_files.ts";
import { archivePath, filePath } from "./files/paths.ts";
import type { Hint } from "./hint.ts";
import { groupOf, type JobGroupOptions, tagOf, tagsOf } from "./job_properties.ts";
import { Listeners, type SparkListener } from "./listeners.ts";
import { type LogLevel, logLevel, showsWarnings } from "./log_level.ts";
import { notAvailable } from "./not_available.ts";
import { runJob } from "./operators/run_job.ts";
import * as sources from "./operators/sources.ts";
import { pathOf } from "./operators/sources.ts";
import { datasetOf, type PartitionRecords, type Produced, type RDD, rddOf } from "./rdd.ts";
import { StatusTracker } from "./status_tracker.ts";
import { userName } from "./user_name.ts";
import { VERSION } from "../core/version.ts";

/** How a context is made. What is left out is what `submit` was told, else the default. */
export type ContextOptions = Readonly<{
  /** `local`, `local[N]`, `local[*]`, `local[N,F]` or `local-cluster[n,c,m]`. */
  master?: string | undefined;
  /** What the application is called. */
  name?: string | undefined;
  /** Further settings; `master` and `name` win over them. */
  conf?: SparkConf | Settings | undefined;
}>;

/** How a source is divided. */
export type PartitionOptions = Readonly<{
  /** Partitions, from 1 to 2^20; the default parallelism by default. */
  partitions?: number | undefined;
}>;

/** How a file source is divided. */
export type FileOptions = Readonly<{
  /** At least so many partitions, from 1 to 2^20, where the files are long enough to be parted. */
  partitionsMin?: number | undefined;
}>;

/** Hears of every context that is made. */
export type ContextListener = (context: SparkContext) => void;

const listeners = new Set<ContextListener>();
/** The contexts that have not been stopped, in the order in which they were made. */
const running = new Set<SparkContext>();

/** Why something is cancelled. */
export type CancelOptions = Readonly<{
  /** What the CancelledError says beside who cancelled it. */
  reason?: string | undefined;
}>;

/** Of which partitions a job is, and where it can be told to end early. */
export type RunJobOptions =
  & ActionOptions
  & Readonly<{
    /** The partitions that are wanted, in this order; all by default. */
    partitions?: readonly number[] | undefined;
  }>;

/**
 * An application: where its datasets come from and what runs them; PySpark's `SparkContext`.
 *
 * `await using` stops it at the end of the block; a program that just ends needs neither. Several
 * may live at once, each with executors of its own. Not to be used inside of functions that travel
 * to tasks: that is a ClosureError (ContextOnlyOnDriver).
 *
 * @example
 * ```ts
 * import { SparkContext } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * await using sc = new SparkContext({ master: "local[2]", name: "example" });
 * assert.equal(await sc.parallelize([1, 2, 3]).sum(), 6);
 * assert.deepEqual([sc.master, sc.appName], ["local[2]", "example"]);
 * assert.match(sc.applicationId, /^local-/);
 * assert(sc.defaultParallelism > 0 && sc.defaultMinPartitions > 0);
 * ```
 */
export class SparkContext implements AsyncDisposable {
  static {
    const root = () => SparkContext.active && SparkContext.active.#application.filesFolder;
    provideFiles({ platform: denoPlatform, root });
  }

  /** Where it runs, as it was written. */
  readonly master: string;
  /** The name of the application. */
  readonly appName: string;
  /** Tells this run of the application from all others. */
  readonly applicationId: string;
  /** The settings that it was made with; changing them changes nothing. */
  readonly conf: SparkConf;
  /** What happens in it, for progress displays and logs. */
  readonly events: EventBus = new EventBus(Date.now);
  /** The version of Flint. */
  readonly version: string = VERSION;
  /** When it was made, in milliseconds since the epoch. */
  readonly startTime: number = Date.now();
  /** Where a browser finds it: nowhere yet. */
  readonly uiWebUrl: string | undefined = undefined;
  /** What else was set aside for the driver, by name: nothing, because a local engine has no more. */
  readonly resources: ReadonlyMap<string, unknown> = new Map();
  readonly #application: Application;
  readonly #tracker: StatusTracker;
  readonly #listeners: Listeners;
  readonly #warned = new Set<string>();
  #logLevel: LogLevel;
  #stopping: Promise<void> | undefined;

  /**
   * Reads the settings and starts the engine. Throws a ConfigError where a setting is not
   * understood, a PlanError for a Spark cluster (NotAvailable) and where this program may not do what
   * a context needs (PermissionDenied).
   */
  constructor(options?: ContextOptions | SparkConf);
  /** The same in PySpark's order. */
  constructor(master: string, appName?: string, conf?: SparkConf | Settings);
  constructor(
    options: ContextOptions | SparkConf | string = {},
    name?: string,
    conf?: SparkConf | Settings,
  ) {
    this.conf = confOf(typeof options === "string" ? { master: options, name, conf } : options);
    this.#logLevel = logLevel(this.conf.get("spark.log.level"));
    this.#tracker = new StatusTracker(this.events, {
      jobs: this.conf.getCount("spark.ui.retainedJobs")!,
      stages: this.conf.getCount("spark.ui.retainedStages")!,
    });
    this.#listeners = new Listeners(this.events, (message) => this.#warn(message));
    this.master = this.conf.get("spark.master")!;
    this.appName = this.conf.get("spark.app.name")!;
    this.applicationId = `local-${crypto.randomUUID()}`;
    // Those who listen come after the engine has been started: what it has to say waits for them.
    const early: string[] = [];
    let warn = (message: string): void => void early.push(message);
    this.#application = new Application(
      this.conf,
      this.events,
      (message) => warn(message),
    );
    const ignored = keysIgnoredLocally(this.conf);
    if (ignored.length > 0) {
      warn(`These settings mean nothing on ${this.master}: ${ignored.join(", ")}`);
    }
    for (const listener of listeners) listener(this);
    warn = (message) => this.#warn(message);
    early.forEach(warn);
    running.add(this);
  }

  /**
   * The context that was made last and has not been stopped; a new one where there is none. Several
   * may live at once, so that a library which needs some context says so with this.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext("local", "example");
   * assert.equal(SparkContext.getOrCreate(), sc);
   * ```
   */
  static getOrCreate(options?: ContextOptions | SparkConf): SparkContext {
    return SparkContext.active ?? new SparkContext(options);
  }

  /** The context that was made last and has not been stopped, if there is one. */
  static get active(): SparkContext | undefined {
    return [...running].at(-1);
  }

  /** What PySpark's `addPyFile` takes for packages of Python; there for those who look for it. */
  static readonly PACKAGE_EXTENSIONS: readonly string[] = [".zip", ".egg", ".jar"];

  /**
   * Sets a default for all settings that are made from now on; other keys than settings are only
   * kept. Throws a ConfigError where a setting is not understood.
   *
   * @example
   * ```ts
   * import { SparkConf, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * SparkContext.setSystemProperty("spark.default.parallelism", "3");
   * assert.equal(new SparkConf().getCount("spark.default.parallelism"), 3);
   * ```
   */
  static setSystemProperty(key: string, value: string): void {
    setSystemProperty(
      text(key, "setSystemProperty", "key"),
      text(value, "setSystemProperty", "value"),
    );
  }

  /** What was set for `key` with {@linkcode SparkContext.setSystemProperty}; else undefined. */
  static getSystemProperty(key: string): string | undefined {
    return systemProperty(key);
  }

  /** Calls `listener` with every context from now on; dispose what it returns to end that. */
  static onCreate(listener: ContextListener): Disposable {
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  }

  /** How many tasks can run at once, or `spark.default.parallelism`. */
  get defaultParallelism(): number {
    return this.#driver.defaultParallelism;
  }

  /** Of how many parts a source of files is at least, where it is told no number: 2, or 1 with one slot. */
  get defaultMinPartitions(): number {
    return Math.min(this.defaultParallelism, 2);
  }

  /** Whether it runs on this machine. */
  get isLocal(): boolean {
    return this.master.startsWith("local");
  }

  /** Whether it has been stopped. */
  get isStopped(): boolean {
    return this.#driver.stopped;
  }

  /** A copy of the settings: changing it changes nothing. */
  getConf(): SparkConf {
    return new SparkConf(false).setAll(this.conf.getAll());
  }

  /** Who runs it: `SPARK_USER`, else the name of the user as the environment has it. */
  sparkUser(): string {
    return userName();
  }

  /** From which level on messages are shown: see {@linkcode SparkContext.setLogLevel}. */
  getLogLevel(): LogLevel {
    return this.#logLevel;
  }

  /**
   * Above `WARN` (`ERROR`, `FATAL`, `OFF`) no warnings are shown; there are no other messages to choose
   * from. It wins over the setting `spark.log.level`. Upper and lower case are the same.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext("local");
   * assert.equal(sc.getLogLevel(), "WARN");
   * sc.setLogLevel("error");
   * assert.equal(sc.getLogLevel(), "ERROR");
   * ```
   */
  setLogLevel(level: LogLevel | Lowercase<LogLevel>): void {
    this.#logLevel = logLevel(level);
  }

  /**
   * A dataset of `records`, as they are now, in `partitions` slices (1 to 2^20; the default
   * parallelism by default). Throws a RecordError (NotSerializable) where one cannot be encoded.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const parts = await sc.parallelize([0, 2, 3, 4, 6], 5).glom().collect();
   * assert.deepEqual(parts, [[0], [2], [3], [4], [6]]);
   * assert.deepEqual(await sc.parallelize([0, 2, 4], 5).glom().collect(), [[], [0], [], [2], [4]]);
   * const letters = await sc.parallelize(["a", "b", "c"], 2).glom().collect();
   * assert.deepEqual(letters, [["a"], ["b", "c"]]);
   * const pairs = sc.parallelize([["a", 1], ["b", 2]]); // RDD<[string, number]>
   * assert.deepEqual(await pairs.values().collect(), [1, 2]);
   * ```
   */
  parallelize<T extends Hint>(
    records: Iterable<T>,
    partitions?: number | PartitionOptions,
  ): RDD<T> {
    const options = partitionOptions(partitions);
    return this.#rdd(sources.parallelize(this.#driver, records, options.partitions));
  }

  /**
   * The numbers `start`, `start + step` and so on, up to and without `end`; from 0 where only the
   * end is given. They are counted out by the tasks, so a range may be as long as you like.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(await sc.range(5).collect(), [0, 1, 2, 3, 4]);
   * assert.deepEqual(await sc.range(2, 4).collect(), [2, 3]);
   * assert.deepEqual(await sc.range(1, 7, 2).collect(), [1, 3, 5]);
   * assert.deepEqual(await sc.range(5, 0, -1).collect(), [5, 4, 3, 2, 1]);
   * assert.deepEqual(await sc.range(0, 5, -1).collect(), []);
   * assert.equal(await sc.range(5, { partitions: 10 }).getNumPartitions(), 10);
   * ```
   */
  range(end: number, options?: PartitionOptions): RDD<number>;
  /** The same from `start`, in steps of `step` (1 by default; not 0). */
  range(
    start: number,
    end: number,
    step?: number,
    partitions?: number | PartitionOptions,
  ): RDD<number>;
  range(
    first: number,
    second?: number | PartitionOptions,
    step = 1,
    partitions?: number | PartitionOptions,
  ): RDD<number> {
    const [start, end] = typeof second === "number" ? [first, second] : [0, first];
    const options = partitionOptions(typeof second === "object" ? second : partitions);
    return this.#rdd(sources.range(this.#driver, start, end, step, options.partitions));
  }

  /**
   * The lines of UTF-8 text files: of a file, of all files in a folder, or of those that a pattern
   * with `*`, `?`, `[a-z]` or `{a,b}` names; several of these with commas between them. A `file:` URL
   * names one file or folder, whatever characters are in its path. Long files are parted; `partitionsMin` (1 to 2^20) asks
   * for at least so many parts. Lines end with LF, CRLF or CR. A byte order mark is
   * dropped, and bytes that are no UTF-8 become U+FFFD. A file whose name ends with `.gz` or `.zst`
   * is unpacked, and never parted.
   *
   * Nothing is read when it is called. An action rejects with an InputError where there is nothing
   * to read, or where it may not be read, is packed otherwise, is damaged or is UTF-16.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await using sc = new SparkContext({ master: "local" });
   * await sc.parallelize(["x", "y", "z"]).saveAsTextFile(`${folder}/1`);
   * await sc.parallelize(["aa", "bb", "cc"]).saveAsTextFile(`${folder}/2`);
   * assert.deepEqual(await sc.textFile(`${folder}/1`, 3).collect(), ["x", "y", "z"]);
   * const both = await sc.textFile(`${folder}/1,${folder}/2`, 5).collect();
   * assert.deepEqual(both.sort(), ["aa", "bb", "cc", "x", "y", "z"]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  textFile(path: string | URL, partitionsMin?: number | FileOptions): RDD<string> {
    const { partitionsMin: least } = fileOptions(partitionsMin);
    return this.#rdd(sources.textFile(this.#driver, path, least));
  }

  /**
   * Pairs of path and text: a file a record, for files that are small. Paths are given as to
   * {@linkcode SparkContext.textFile}, and text is read as there; in the pairs they start at the
   * root. `partitionsMin` (1 to 2^20) asks for about so many parts. An action rejects with an
   * InputError (RecordTooLarge) for a file of 512 MB or more.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/1.txt`, "123");
   * await Deno.writeTextFile(`${folder}/2.txt`, "xyz");
   * await using sc = new SparkContext({ master: "local" });
   * const texts = sc.wholeTextFiles(folder).map(([path, text]) => [path.slice(-5), text]);
   * assert.deepEqual(await texts.collect(), [["1.txt", "123"], ["2.txt", "xyz"]]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  wholeTextFiles(
    path: string | URL,
    partitionsMin?: number | FileOptions,
  ): RDD<[path: string, text: string]> {
    const { partitionsMin: least } = fileOptions(partitionsMin);
    return this.#rdd(sources.wholeFiles(this.#driver, "wholeTextFiles", path, least));
  }

  /**
   * Pairs of path and bytes: a file a record, as it is; else as
   * {@linkcode SparkContext.wholeTextFiles}.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * const [one, two] = ["binary data I", "binary data II"].map((s) => new TextEncoder().encode(s));
   * await Deno.writeFile(`${folder}/1.bin`, one!);
   * await Deno.writeFile(`${folder}/2.bin`, two!);
   * await using sc = new SparkContext({ master: "local" });
   * const files = sc.binaryFiles(folder).map(([path, bytes]) => [path.slice(-5), bytes]);
   * assert.deepEqual(await files.collect(), [["1.bin", one], ["2.bin", two]]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  binaryFiles(
    path: string | URL,
    partitionsMin?: number | FileOptions,
  ): RDD<[path: string, bytes: Uint8Array]> {
    const { partitionsMin: least } = fileOptions(partitionsMin);
    return this.#rdd(sources.wholeFiles(this.#driver, "binaryFiles", path, least));
  }

  /**
   * Records of `recordLength` bytes each (1 to 2^29), with nothing between them. Paths are given as
   * to {@linkcode SparkContext.textFile}. An action rejects with an InputError (CorruptInput) if a
   * file is no whole number of records long.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/1.bin`, "000000010002");
   * await Deno.writeTextFile(`${folder}/2.bin`, "-001-002-010");
   * await using sc = new SparkContext({ master: "local" });
   * const records = sc.binaryRecords(folder, 4).map((bytes) => new TextDecoder().decode(bytes));
   * const sorted = (await records.collect()).sort();
   * assert.deepEqual(sorted, ["-001", "-002", "-010", "0000", "0001", "0002"]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  binaryRecords(path: string | URL, recordLength: number): RDD<Uint8Array> {
    return this.#rdd(sources.binaryRecords(this.#driver, path, recordLength));
  }

  /**
   * The records that {@linkcode RDD.saveAsObjectFile} wrote, as they were. Paths are given as to
   * {@linkcode SparkContext.textFile}; long files are parted, `partitionsMin` (1 to 2^20) asks for at
   * least so many parts. Instances of a class keep it if a class of that name is given to
   * {@linkcode SparkContext.registerClass}, else an action rejects with a RecordError. An action
   * rejects with an InputError (CorruptInput) that names the file and the byte if it is damaged.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await using sc = new SparkContext({ master: "local[2]" });
   * await sc.parallelize([{ when: new Date(0), of: [1n, null] }]).saveAsObjectFile(`${folder}/out`);
   * const read = sc.objectFile<{ when: Date; of: unknown[] }>(`${folder}/out`);
   * assert.deepEqual(await read.collect(), [{ when: new Date(0), of: [1n, null] }]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  objectFile<T>(path: string | URL, partitionsMin?: number | FileOptions): RDD<T> {
    const { partitionsMin: least } = fileOptions(partitionsMin);
    return this.#rdd(sources.objectFile(this.#driver, "objectFile", path, least));
  }

  /**
   * The same as {@linkcode SparkContext.objectFile}, by PySpark's name. It reads what Flint wrote,
   * and no pickles of Python.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await using sc = new SparkContext({ master: "local[2]" });
   * await sc.range(10).saveAsPickleFile(`${folder}/out`, 5);
   * const collected = await sc.pickleFile<number>(`${folder}/out`, 3).collect();
   * assert.deepEqual(collected, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  pickleFile<T>(path: string | URL, partitionsMin?: number | FileOptions): RDD<T> {
    const { partitionsMin: least } = fileOptions(partitionsMin);
    return this.#rdd(sources.objectFile(this.#driver, "pickleFile", path, least));
  }

  /**
   * Copies a file to where tasks may read it, under its name: {@linkcode SparkFiles.get} gives the path,
   * in tasks and on the driver. A folder is copied with all that is in it if `recursive` is set.
   * `path` is a path or a `file:` URL. Jobs that are started before the promise resolves wait for it.
   *
   * Rejects with an InputError where there is nothing to copy, and with a PlanError (InvalidArgument)
   * for a folder without `recursive`, or where the name was added with other content before, unless
   * `spark.files.overwrite` is set.
   *
   * @example
   * ```ts
   * import { SparkContext, SparkFiles } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/test1.txt`, "100");
   * await using sc = new SparkContext({ master: "local[2]" });
   * await sc.addFile(`${folder}/test1.txt`);
   * const scaled = sc.parallelize([1, 2, 3, 4]).mapPartitions(function* (numbers) {
   *   const factor = Number(Deno.readTextFileSync(SparkFiles.get("test1.txt")));
   *   for (const n of numbers) yield n * factor;
   * });
   * assert.deepEqual(await scaled.collect(), [100, 200, 300, 400]);
   * assert.deepEqual(sc.listFiles, [`${folder}/test1.txt`]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  addFile(path: string | URL, recursive: boolean | AddFileOptions = {}): Promise<void> {
    const options = optionsOf<AddFileOptions>(recursive, { recursive: recursive === true });
    return this.#addFile(path, options, "addFile");
  }

  /**
   * Adds a module, or a file with data of modules, as {@linkcode SparkContext.addFile} does: functions
   * of {@linkcode RDD.mapAsync} may `import()` it. What functions import themselves, and what they are
   * closed over, travels without this.
   *
   * @example
   * ```ts
   * import { SparkContext, SparkFiles } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/triple.ts`, "export const triple = (n: number) => 3 * n;");
   * await using sc = new SparkContext({ master: "local[2]" });
   * await sc.addPyFile(`${folder}/triple.ts`);
   * const tripled = sc.parallelize([1, 2]).mapAsync(async (n) => {
   *   const { triple } = await import(`file://${SparkFiles.get("triple.ts")}`);
   *   return triple(n) as number;
   * });
   * assert.deepEqual(await tripled.collect(), [3, 6]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  addPyFile(path: string | URL): Promise<void> {
    return this.#addFile(path, {}, "addPyFile");
  }

  /**
   * The same as {@linkcode SparkContext.addPyFile}, by a name that fits TypeScript.
   *
   * @example
   * ```ts
   * import { SparkContext, SparkFiles } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/seven.ts`, "export default 7;");
   * await using sc = new SparkContext({ master: "local" });
   * await sc.addModule(new URL(`file://${folder}/seven.ts`));
   * const { default: seven } = await import(`file://${SparkFiles.get("seven.ts")}`);
   * assert.equal(seven, 7);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  addModule(path: string | URL): Promise<void> {
    return this.#addFile(path, {}, "addModule");
  }

  /**
   * Unpacks an archive to where tasks may read it: `.zip`, `.jar`, `.tar`, `.tar.gz`, `.tgz` or
   * `.tar.zst`. The folder has the name of the archive, or what stands behind a `#`: `model.zip#model`.
   * Else as {@linkcode SparkContext.addFile}; rejects with an InputError as well where the archive is
   * damaged (CorruptInput), or has entries that lead out of the folder, are links, come twice, are
   * more than 100,000 or become longer than 64 MB and 200 times the archive
   * (InputUnsupported).
   *
   * @example
   * ```ts
   * import { SparkContext, SparkFiles } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/test.txt`, "100");
   * await new Deno.Command("tar", { args: ["-czf", "test.tgz", "test.txt"], cwd: folder }).output();
   * await using sc = new SparkContext({ master: "local[2]" });
   * await sc.addArchive(`${folder}/test.tgz#unpacked`);
   * const scaled = sc.parallelize([1, 2, 3, 4]).mapPartitions(function* (numbers) {
   *   const factor = Number(Deno.readTextFileSync(`${SparkFiles.get("unpacked")}/test.txt`));
   *   for (const n of numbers) yield n * factor;
   * });
   * assert.deepEqual(await scaled.collect(), [100, 200, 300, 400]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  addArchive(path: string | URL): Promise<void> {
    const { path: archive, folder } = archivePath(path);
    return this.#adding("addArchive", () => this.#application.files.addArchive(archive, folder));
  }

  /**
   * The paths of the files and folders that were added, as they were given; a `file:` URL as its path.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(sc.listFiles, []);
   * ```
   */
  get listFiles(): string[] {
    return this.#application.files.list("file");
  }

  /**
   * The paths of the archives that were added, likewise.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.deepEqual(sc.listArchives, []);
   * ```
   */
  get listArchives(): string[] {
    return this.#application.files.list("archive");
  }

  /**
   * Has {@linkcode RDD.checkpoint} write below `path`: into a folder of this application, which is
   * made now, and which stays when the application ends. The setting `spark.checkpoint.dir` does the
   * same. Throws an OutputError where it cannot be made.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.getCheckpointDir(), undefined);
   * sc.setCheckpointDir(folder);
   * assert(sc.getCheckpointDir()!.startsWith(folder));
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  setCheckpointDir(path: string | URL): void {
    this.#driver.assertRunning("setCheckpointDir");
    this.#driver.checkpoints.setDirectory(pathOf(path, "setCheckpointDir"));
  }

  /**
   * The folder of this application for checkpoints; undefined where none has been set.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(sc.getCheckpointDir(), undefined);
   * ```
   */
  getCheckpointDir(): string | undefined {
    return this.#driver.checkpoints.directory;
  }

  /**
   * The records of a checkpoint, also of another application: `path` is what
   * {@linkcode RDD.getCheckpointFile} gave. It has the partitions of the RDD that was written.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const folder = await Deno.makeTempDir();
   * await using sc = new SparkContext({ master: "local" });
   * sc.setCheckpointDir(folder);
   * const numbers = sc.parallelize([1, 2, 3, 4]);
   * numbers.checkpoint();
   * await numbers.count();
   * const recovered = sc.checkpointFile<number>(numbers.getCheckpointFile()!);
   * assert.deepEqual(await recovered.collect(), [1, 2, 3, 4]);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  checkpointFile<T>(path: string | URL): RDD<T> {
    return this.#rdd(sources.checkpointFile(this.#driver, path));
  }

  /**
   * No records, in no partitions.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * assert.equal(await sc.emptyRDD().count(), 0);
   * ```
   */
  emptyRDD<T>(): RDD<T> {
    return this.#rdd(sources.emptyRDD(this.#driver));
  }

  /**
   * The records of all of `rdds`, one RDD after the other; nothing moves.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const file = await Deno.makeTempFile();
   * await Deno.writeTextFile(file, "Hello");
   * await using sc = new SparkContext({ master: "local" });
   * const both = sc.union([sc.textFile(file), sc.parallelize(["World!"])]);
   * assert.deepEqual(await both.collect(), ["Hello", "World!"]);
   * await Deno.remove(file);
   * ```
   */
  union<T>(rdds: readonly RDD<T>[]): RDD<T> {
    return this.#rdd(Dataset.union("union", rdds.map(datasetOf)));
  }

  /**
   * A value that each executor gets once, instead of with every function that uses it. It is
   * encoded now: what is changed afterwards is seen by nobody.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const mapping = sc.broadcast(new Map([[1, 10001], [2, 10002]]));
   * const mapped = sc.range(5).map((n) => mapping.value.get(n) ?? -1);
   * assert.deepEqual(await mapped.collect(), [-1, 10001, 10002, -1, -1]);
   * await mapping.destroy();
   * ```
   */
  broadcast<T>(value: T): Broadcast<T> {
    this.#driver.assertRunning("broadcast");
    return this.#application.broadcast(value);
  }

  /**
   * A number or bigint that tasks add to and the driver reads, from `initial` (0 by default) on. With
   * a `param`, anything that the param can add. Throws a PlanError (InvalidArgument) where `initial`
   * is neither number nor bigint and there is no `param`.
   *
   * @example
   * ```ts
   * import { type AccumulatorParam, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const b = sc.accumulator(0);
   * await sc.parallelize([1, 2, 3]).foreach((x) => b.add(x));
   * assert.equal(b.value, 6);
   *
   * class VectorAccumulatorParam implements AccumulatorParam<number[]> {
   *   zero(value: number[]) {
   *     return value.map(() => 0);
   *   }
   *   addInPlace(sum: number[], amount: number[]) {
   *     for (let i = 0; i < sum.length; i++) sum[i]! += amount[i]!;
   *     return sum;
   *   }
   * }
   * const va = sc.accumulator([1, 2, 3], new VectorAccumulatorParam());
   * await sc.parallelize([1, 2, 3]).foreach((x) => va.add([x, x, x]));
   * assert.deepEqual(va.value, [7, 8, 9]);
   * ```
   */
  accumulator(initial?: number, options?: AccumulatorOptions): Accumulator<number>;
  /** The same for bigints. */
  accumulator(initial: bigint, options?: AccumulatorOptions): Accumulator<bigint>;
  /** The same for anything, with a param that says how to add. */
  accumulator<T>(
    initial: T,
    param: AccumulatorParam<T>,
    options?: AccumulatorOptions,
  ): Accumulator<T>;
  accumulator<T>(
    initial: unknown = 0,
    param?: AccumulatorParam<T> | AccumulatorOptions,
    options?: AccumulatorOptions,
  ): Accumulator<T> {
    this.#driver.assertRunning("accumulator");
    const given = param as AccumulatorParam<unknown> | AccumulatorOptions | undefined;
    const all = this.#application.accumulators;
    return newAccumulator(all, initial, given, options) as unknown as Accumulator<T>;
  }

  /**
   * A sum of whole numbers with their count and mean; Scala's `longAccumulator`. Beyond 2^53 it is
   * rounded: add bigints to an {@linkcode SparkContext.accumulator} that starts with `0n` there.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const accum = sc.longAccumulator("My Accumulator");
   * await sc.parallelize([1, 2, 3, 4]).foreach((x) => accum.add(x));
   * assert.equal(accum.value, 10);
   * ```
   */
  longAccumulator(name?: string | AccumulatorOptions): NumericAccumulator {
    this.#driver.assertRunning("longAccumulator");
    return newNumericAccumulator(this.#application.accumulators, "long", name);
  }

  /**
   * A sum of numbers with their count and mean; Scala's `doubleAccumulator`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const weights = sc.doubleAccumulator("weights");
   * await sc.parallelize([0.5, 1.5]).foreach((x) => weights.add(x));
   * assert.deepEqual([weights.sum, weights.avg], [2, 1]);
   * ```
   */
  doubleAccumulator(name?: string | AccumulatorOptions): NumericAccumulator {
    this.#driver.assertRunning("doubleAccumulator");
    return newNumericAccumulator(this.#application.accumulators, "double", name);
  }

  /**
   * Gathers values of tasks, in no promised order; Scala's `collectionAccumulator`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const seen = sc.collectionAccumulator<number>();
   * await sc.parallelize([1, 2]).foreach((x) => seen.add(x));
   * assert.deepEqual(seen.value.sort(), [1, 2]);
   * ```
   */
  collectionAccumulator<T>(name?: string | AccumulatorOptions): CollectionAccumulator<T> {
    this.#driver.assertRunning("collectionAccumulator");
    const all = this.#application.accumulators;
    return newCollectionAccumulator(all, name) as CollectionAccumulator<T>;
  }

  /**
   * Lets instances of `constructor` keep their class in records, also where no function of the
   * chain uses the class. They travel as their own enumerable properties; the constructor is not
   * called when they arrive.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * class Point {
   *   constructor(readonly x: number, readonly y: number) {}
   * }
   * await using sc = new SparkContext({ master: "local" });
   * sc.registerClass(Point);
   * const [point] = await sc.parallelize([new Point(1, 2)]).collect();
   * assert(point instanceof Point);
   * ```
   */
  // deno-lint-ignore no-explicit-any -- a class of the user, with whatever constructor
  registerClass(constructor: abstract new (...args: any[]) => unknown): void {
    this.#application.registerClass(constructor);
  }

  // ─── Jobs ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Runs `fn` and returns what it returns; every job that it starts, also after an `await`, belongs to
   * the group `id`. Calls that run at the same time do not see each other's. Inside, what `setJobGroup`
   * and its like change is gone when `fn` returns.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local[2]" });
   * const [odd, even] = await Promise.all([
   *   sc.withJobGroup("odd", () => sc.range(1, 100, 2).sum()),
   *   sc.withJobGroup("even", { pool: "slow" }, async () => await sc.range(0, 100, 2).sum()),
   * ]);
   * assert.deepEqual([odd, even], [2500, 2450]);
   * assert.equal(sc.statusTracker().getJobIdsForGroup("odd").length, 1);
   * ```
   */
  withJobGroup<R>(id: string, fn: () => R): R;
  /** The same with a description, tags or a pool. */
  withJobGroup<R>(id: string, options: JobGroupOptions, fn: () => R): R;
  withJobGroup<R>(id: string, first: JobGroupOptions | (() => R), second?: () => R): R {
    const operator = "withJobGroup";
    const options = typeof first === "function" ? {} : first;
    const fn = callable(second ?? first, operator) as () => R;
    const { description, interruptOnCancel, tags = [], pool } = options;
    text(id, operator, "id");
    for (const tag of tags) tagOf(tag, operator);
    const { properties } = this.#driver;
    return properties.inside(() => {
      properties.setGroup(id, description, interruptOnCancel);
      properties.setTags([...properties.tags, ...tags]);
      if (pool !== undefined) properties.setPool(pool);
    }, fn);
  }

  /**
   * Runs `fn` and returns what it returns; every job that it starts has these properties beside those
   * of outside. Undefined takes one away. Tasks read them with `TaskContext.getLocalProperty`.
   *
   * @example
   * ```ts
   * import { SparkContext, TaskContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const tenants = sc.range(1).map(() => TaskContext.get()?.getLocalProperty("tenant"));
   * assert.equal(await sc.withLocalProperties({ tenant: "acme" }, () => tenants.first()), "acme");
   * assert.equal(await tenants.first(), undefined);
   * ```
   */
  withLocalProperties<R>(
    properties: Readonly<Record<string, string | undefined>>,
    fn: () => R,
  ): R {
    const run = callable(fn, "withLocalProperties") as () => R;
    const entries = Object.entries(properties);
    for (const [, value] of entries) {
      value === undefined || text(value, "withLocalProperties", "value");
    }
    const scopes = this.#driver.properties;
    return scopes.inside(() => entries.forEach(([key, value]) => scopes.set(key, value)), run);
  }

  /**
   * Puts the jobs that are started from now on into a group. Inside of
   * {@linkcode SparkContext.withJobGroup} that holds to its end; else until it is changed, for every
   * call that is in no such scope: calls that run at the same time want `withJobGroup`.
   *
   * @example
   * ```ts
   * import { CancelledError, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.setJobGroup("slow", "one that never ends");
   * const sum = sc.range(10).map((n) => { for (;;) if (Date.now() < 0) return n; }).sum();
   * sc.cancelJobGroup("slow");
   * await assert.rejects(sum, CancelledError);
   * ```
   */
  setJobGroup(groupId: string, description?: string, interruptOnCancel = false): void {
    const id = text(groupId, "setJobGroup", "groupId");
    this.#driver.properties.setGroup(id, description, interruptOnCancel);
  }

  /** Takes group, description and `interruptOnCancel` away from the jobs that are started from now on. */
  clearJobGroup(): void {
    this.#driver.properties.setGroup(undefined);
  }

  /** Says what the jobs are for that are started from now on; undefined takes it away. */
  setJobDescription(description: string | undefined): void {
    this.#driver.properties.setDescription(description);
  }

  /** Kept for Spark: here a task that is cancelled always ends, if need be with its executor. */
  setInterruptOnCancel(interruptOnCancel: boolean): void {
    this.#driver.properties.setInterruptOnCancel(interruptOnCancel);
  }

  /**
   * Sets a property of the jobs that are started from now on; undefined or null takes it away. Of
   * meaning is `spark.scheduler.pool`: the pool of the jobs under `spark.scheduler.mode=FAIR`.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.setLocalProperty("spark.scheduler.pool", "fast");
   * assert.equal(sc.getLocalProperty("spark.scheduler.pool"), "fast");
   * ```
   */
  setLocalProperty(key: string, value: string | null | undefined): void {
    const operator = "setLocalProperty";
    if (value !== null && value !== undefined) text(value, operator, "value");
    this.#driver.properties.set(text(key, operator, "key"), value);
  }

  /** A property of the jobs that are started here; undefined where it is not set. */
  getLocalProperty(key: string): string | undefined {
    return this.#driver.properties.get(key);
  }

  /**
   * Adds a tag to the jobs that are started from now on. It is not empty and has no comma.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.addJobTag("report");
   * await sc.range(3).count();
   * assert.deepEqual(sc.getJobTags(), new Set(["report"]));
   * assert.equal(sc.statusTracker().getJobIdsForTag("report").length, 1);
   * ```
   */
  addJobTag(tag: string): void {
    const { properties } = this.#driver;
    properties.setTags([...properties.tags, tagOf(tag, "addJobTag")]);
  }

  /**
   * Takes a tag away; one that is not there is no matter.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.addJobTag("job_to_cancel1");
   * sc.addJobTag("job_to_cancel2");
   * sc.removeJobTag("job_to_cancel1");
   * assert.deepEqual(sc.getJobTags(), new Set(["job_to_cancel2"]));
   * ```
   */
  removeJobTag(tag: string): void {
    const { properties } = this.#driver;
    properties.setTags(properties.tags.difference(new Set([tagOf(tag, "removeJobTag")])));
  }

  /**
   * The tags of the jobs that are started here.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.addJobTag("job_to_cancel");
   * assert.deepEqual(sc.getJobTags(), new Set(["job_to_cancel"]));
   * ```
   */
  getJobTags(): Set<string> {
    return this.#driver.properties.tags;
  }

  /**
   * Takes all tags away.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.addJobTag("job_to_cancel");
   * sc.clearJobTags();
   * assert.deepEqual(sc.getJobTags(), new Set());
   * ```
   */
  clearJobTags(): void {
    this.#driver.properties.setTags([]);
  }

  /**
   * Cancels the actions of a group that have been called and have not ended: they reject with a
   * CancelledError that names this call and `reason`. Later ones run.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const spin = (n: number) => { for (;;) if (Date.now() < 0) return n; };
   * const count = sc.withJobGroup("slow", () => sc.range(9).map(spin).count());
   * sc.cancelJobGroup("slow", { reason: "too late" });
   * await assert.rejects(count, /cancelled by sc\.cancelJobGroup\("slow"\).*: too late/);
   * ```
   */
  cancelJobGroup(groupId: string, options: CancelOptions = {}): void {
    const act = `cancelJobGroup(${JSON.stringify(text(groupId, "cancelJobGroup", "groupId"))})`;
    const { cancellations } = this.#driver;
    cancellations.cancel((properties) => groupOf(properties) === groupId, act, options.reason);
  }

  /**
   * The same for the actions that have a tag.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * sc.addJobTag("job_to_cancel");
   * const spin = (n: number) => { for (;;) if (Date.now() < 0) return n; };
   * const count = sc.range(10).map(spin).count();
   * sc.cancelJobsWithTag("job_to_cancel");
   * await assert.rejects(count, /cancelled by sc\.cancelJobsWithTag\("job_to_cancel"\)/);
   * ```
   */
  cancelJobsWithTag(tag: string, options: CancelOptions = {}): void {
    const act = `cancelJobsWithTag(${JSON.stringify(tagOf(tag, "cancelJobsWithTag"))})`;
    const { cancellations } = this.#driver;
    cancellations.cancel((properties) => tagsOf(properties).includes(tag), act, options.reason);
  }

  /** The same for all actions. */
  cancelAllJobs(options: CancelOptions = {}): void {
    this.#driver.cancellations.cancel(() => true, "cancelAllJobs()", options.reason);
  }

  /** The same for the action that runs a job now; where none does, nothing. */
  cancelJob(jobId: number, options: CancelOptions = {}): void {
    const id = wholeNumber(jobId, "cancelJob", "jobId", 0, Number.MAX_SAFE_INTEGER);
    this.#driver.cancellations.cancelJob(id, `cancelJob(${id})`, options.reason);
  }

  /**
   * The RDDs that are persisted, by their numbers; Scala's `getPersistentRDDs`. One that the program
   * cannot reach is among them until it has gone.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const squares = sc.range(3).map((n) => n * n).setName("squares").persist();
   * assert.equal(sc.getPersistentRDDs().get(squares.id())?.name(), "squares");
   * for (const rdd of sc.getPersistentRDDs().values()) await rdd.unpersist();
   * assert.equal(sc.getPersistentRDDs().size, 0);
   * ```
   */
  getPersistentRDDs(): Map<number, RDD<unknown>> {
    const { drafts } = this.#driver.persisted;
    return new Map(drafts.map((draft) => [draft.id, this.#rdd(Dataset.of(draft))]));
  }

  /** What is known of its jobs, stages and executors. */
  statusTracker(): StatusTracker {
    return this.#tracker;
  }

  /**
   * Calls the methods of `listener` with what happens, from now on and at once. One that throws harms
   * nobody, and is warned of once. It holds nothing up and decides nothing.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * let tasks = 0;
   * sc.addSparkListener({ onTaskEnd: () => void tasks++ });
   * await sc.range(10, { partitions: 3 }).count();
   * assert.equal(tasks, 3);
   * ```
   */
  addSparkListener(listener: SparkListener): void {
    this.#listeners.add(listener);
  }

  /** Calls the methods of `listener` no more; one that was not added is no matter. */
  removeSparkListener(listener: SparkListener): void {
    this.#listeners.remove(listener);
  }

  /**
   * All that `fn` makes of the wanted partitions of `rdd`, in the order in which they are wanted; else as
   * {@linkcode RDD.mapPartitions}. A Promise rejects with a PlanError (InvalidArgument) where there is no
   * such partition. PySpark's `runJob(rdd, fn, partitions, allowLocal)` is accepted too.
   *
   * @example
   * ```ts
   * import { SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * await using sc = new SparkContext({ master: "local" });
   * const rdd = sc.range(0, 6, 1, 3);
   * const squares = (part: Iterable<number>) => [...part].map((n) => n * n);
   * assert.deepEqual(await sc.runJob(rdd, squares), [0, 1, 4, 9, 16, 25]);
   * assert.deepEqual(await sc.runJob(rdd, squares, [0, 2], true), [0, 1, 16, 25]);
   * ```
   */
  runJob<T, U extends Hint>(
    rdd: RDD<T>,
    fn: (records: PartitionRecords<T>) => Produced<U>,
    partitions?: readonly number[] | RunJobOptions,
    _allowLocal?: boolean,
  ): Promise<U[]> {
    const options = isList(partitions) ? { partitions } : partitions ?? {};
    return awaited(runJob(datasetOf(rdd), fn, options.partitions, options) as Promise<U[]>);
  }

  // ─── What only the JVM or Python can serve ────────────────────────────────────────────────────

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  sequenceFile(..._: readonly unknown[]): never {
    throw notAvailable("sequenceFile");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  hadoopFile(..._: readonly unknown[]): never {
    throw notAvailable("hadoopFile");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  hadoopRDD(..._: readonly unknown[]): never {
    throw notAvailable("hadoopRDD");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  newAPIHadoopFile(..._: readonly unknown[]): never {
    throw notAvailable("newAPIHadoopFile");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  newAPIHadoopRDD(..._: readonly unknown[]): never {
    throw notAvailable("newAPIHadoopRDD");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  showProfiles(): never {
    throw notAvailable("showProfiles");
  }

  /** Throws a PlanError (NotAvailable) that says what to use instead. */
  dumpProfiles(_folder?: string): never {
    throw notAvailable("dumpProfiles");
  }

  /**
   * Ends all jobs (they reject with a CancelledError), the executors, and removes all that was
   * written on the way. Safe to call twice; any other use of the context is then a PlanError
   * (ContextStopped).
   */
  stop(): Promise<void> {
    running.delete(this);
    this.#stopping ??= this.#application.stop();
    return this.#stopping;
  }

  /** The same as {@linkcode SparkContext.stop}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `SparkContext ${this.appName} (${this.master}, ${this.applicationId})`;
  }

  /** Tasks have no context, and cannot make one. */
  get [DRIVER_ONLY](): string {
    return "the SparkContext";
  }

  /** Said of the class too. */
  static get [DRIVER_ONLY](): string {
    return "the class SparkContext";
  }

  get #driver(): Driver {
    return this.#application.driver;
  }

  #addFile(path: string | URL, options: AddFileOptions, operator: string): Promise<void> {
    const file = filePath(path, operator);
    return this.#adding(operator, () => this.#application.files.addFile(file, options, operator));
  }

  #adding(operator: string, add: () => Promise<void>): Promise<void> {
    this.#driver.assertRunning(operator);
    const added = add();
    this.#driver.waitFor(added);
    return awaited(added);
  }

  #rdd<T>(data: Dataset): RDD<T> {
    return rddOf<T>(this, data);
  }

  /** Says everything once. */
  #warn(message: string): void {
    if (this.#warned.has(message) || !showsWarnings(this.#logLevel)) return;
    this.#warned.add(message);
    this.events.emit({ type: "warning", message });
  }
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function confOf(options: ContextOptions | SparkConf): SparkConf {
  const { master, name, conf = {} } = options instanceof SparkConf ? { conf: options } : options;
  const settings = new SparkConf().setAll(conf instanceof SparkConf ? conf.getAll() : conf);
  if (master !== undefined) settings.setMaster(master);
  if (name !== undefined) settings.setAppName(name);
  return settings;
}

function partitionOptions(partitions: number | PartitionOptions | undefined): PartitionOptions {
  return optionsOf(partitions, { partitions: partitions as number | undefined });
}

function fileOptions(partitionsMin: number | FileOptions | undefined): FileOptions {
  return optionsOf(partitionsMin, { partitionsMin: partitionsMin as number | undefined });
}
