/**
 * What a context consists of: an engine, a capturer that knows the context's own kinds of values,
 * and the driver that joins them.
 */
import { type ClassTable, encodeValue } from "../core/codec/binary.ts";
import { type Capturer, createCapturer } from "../core/closure/capture.ts";
import type { Token } from "../core/closure/tokens.ts";
import { driverOnly } from "../core/driver_only.ts";
import type { Engine, EngineHost } from "../core/engine.ts";
import { ClosureError, ConfigError, PlanError } from "../core/errors.ts";
import { GRANT_NAMES } from "../core/grants.ts";
import type { EventBus } from "../core/events.ts";
import type { UserFunction } from "../core/plan/plan.ts";
import { localFileSystem } from "../io/local_files.ts";
import { sinkOf, sourceOf } from "../io/registry.ts";
import { withValues } from "../shuffle/values.ts";
import { parseGrants } from "../workers/permissions.ts";
import { denoPlatform } from "../workers/platform_deno.ts";
import { provided } from "../workers/provided.ts";
import { isAccumulator } from "./accumulator.ts";
import { Accumulators } from "./accumulators.ts";
import { Broadcast, isDestroyed, makeBroadcast } from "./broadcast.ts";
import { DraftCapturer } from "./capture.ts";
import { Cleaner } from "./cleaner.ts";
import { executorEnvironment, type SparkConf } from "./config/spark_conf.ts";
import { Driver } from "./driver.ts";
import { AddedFiles } from "./files/added_files.ts";
import { createInspector } from "./inspector.ts";
import { createLocalEngine, type LocalEngineOptions } from "./local/engine.ts";
import { localDirectories } from "./local_directories.ts";
import { noSparkEngine, parseMaster } from "./master.ts";
import { refuseMissing } from "./needed_permissions.ts";
import { isGranted } from "./own_permissions.ts";
import { sharingOf } from "./sharing.ts";

/** What an executor takes beside the memory of its tasks. */
const EXECUTOR_OVERHEAD_BYTES = 300 * 2 ** 20;
const ATTEMPTS_DEFAULT = 4;

export class Application {
  readonly driver: Driver;
  /** What was added for tasks to read. */
  readonly files: AddedFiles;
  /** Where that lies. */
  readonly filesFolder: string;
  readonly accumulators: Accumulators;
  readonly #cleaner: Cleaner;
  readonly #capturer: Capturer;
  readonly #classes: ClassTable;
  /** What stands for a broadcast in closures: one object each, which they keep alive. */
  readonly #broadcasts = new WeakMap<object, Token>();
  readonly #registered = new Set<UserFunction>();

  /** Starts the engine. Throws a ConfigError, a PlanError or an OutputError where it cannot. */
  constructor(
    conf: SparkConf,
    events: EventBus,
    warn: (message: string) => void,
  ) {
    const inspector = createInspector();
    this.#capturer = createCapturer({
      inspector,
      provided: Object.entries(provided).map(([name, exports]) => ({ name, exports })),
      tokenOf: (value) => this.#tokenOf(value),
      warn,
    });
    this.#classes = withValues({
      idOf: (constructor) => this.#idOf(constructor as UserFunction),
      classOf: (id) => this.#capturer.classOf(id),
    });
    this.accumulators = new Accumulators({
      capture: (fn) => this.#capturer.capture(fn),
      classes: this.#classes,
    });
    const files = localFileSystem(denoPlatform, warn);
    const engine = startEngine(conf, {
      events,
      accumulate: (job, stage, updates) => {
        for (const update of this.accumulators.apply(updates)) {
          events.emit({ type: "accumulator.updated", job, stage, ...update });
        }
      },
      warn,
      interrupted: () => this.driver.saves.end(),
    });
    const parallelism = conf.getCount("spark.default.parallelism");
    this.files = new AddedFiles(engine.filesFolder, conf.getBoolean("spark.files.overwrite"));
    this.filesFolder = engine.filesFolder;
    this.driver = new Driver({
      engine,
      capturer: new DraftCapturer({
        capture: (fn) => this.#capturer.capture(fn),
        placeOf: (fn) => inspector.place(fn),
      }),
      split: ({ format, options }, partitionsMin) =>
        sourceOf(format).split(options, { partitionsMin }, files),
      output: (format) => ({ sink: sinkOf(format), files }),
      isGranted,
      classes: this.#classes,
      defaultParallelism: parallelism ?? engine.parallelism,
      exchangePartitions: parallelism,
      checkpointDirectory: conf.get("spark.checkpoint.dir"),
    });
    this.#cleaner = new Cleaner(conf.getMilliseconds("spark.cleaner.periodicGC.interval")!);
  }

  /** Ends all jobs and the engine. Safe to call twice. */
  stop(): Promise<void> {
    this.#cleaner[Symbol.dispose]();
    return this.driver.stop();
  }

  broadcast<T>(value: T): Broadcast<T> {
    const bytes = encodeValue(value, { classes: this.#classes });
    const id = this.driver.publish(bytes);
    const token: Token = { kind: "broadcast", id };
    this.driver.keepPublished(id, token);
    const broadcast = makeBroadcast<T>(id, bytes, {
      classes: this.#classes,
      unpersist: () => this.driver.unpersist(id),
      unpublish: () => this.driver.unpublish(id),
    });
    this.#broadcasts.set(broadcast, token);
    return broadcast;
  }

  /** Lets instances of a class keep their class in records. */
  registerClass(constructor: unknown): void {
    if (typeof constructor !== "function") {
      throw new PlanError(
        "InvalidArgument",
        "Cannot call registerClass(): constructor is no class",
        "Pass the class itself, as in sc.registerClass(Point)",
      );
    }
    if (this.#capturer.hasPrivateFields(constructor)) {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call registerClass(): ${constructor.name} has private fields, which cannot travel`,
        "Use public fields, or turn instances into plain objects first",
      );
    }
    this.#register(constructor as UserFunction);
  }

  /**
   * The id of a class that a capture has met. The driver writes instances of it into records or into
   * a broadcast, where no function need name the class: so it is known to all jobs from now on.
   */
  #idOf(constructor: UserFunction): string | undefined {
    const id = this.#capturer.idOf(constructor);
    if (id !== undefined) this.#register(constructor);
    return id;
  }

  #register(constructor: UserFunction): void {
    if (this.#registered.has(constructor)) return;
    this.#registered.add(constructor);
    this.driver.registerClass(this.#capturer.capture(constructor));
  }

  #tokenOf(value: object): Token | undefined {
    if (value instanceof Broadcast) {
      const token = this.#broadcasts.get(value);
      if (token === undefined) throw foreign("a broadcast");
      if (isDestroyed(value)) {
        throw new ClosureError(
          "NotShippable",
          "a broadcast that has been destroyed",
          "Destroy it after the last action that uses it",
        );
      }
      this.driver.assertPublished(value.id);
      return token;
    }
    const accumulator = this.accumulators.tokenOf(value);
    if (accumulator !== undefined) return accumulator;
    if (isAccumulator(value)) throw foreign("an accumulator");
    const what = driverOnly(value);
    if (what === undefined) return undefined;
    throw new ClosureError(
      "ContextOnlyOnDriver",
      `${what}, and tasks have none`,
      "Use it outside of the function: collect or broadcast what the function needs",
    );
  }
}

function foreign(what: string): ClosureError {
  return new ClosureError(
    "NotShippable",
    `${what} of another context`,
    "Make it with the context of the RDD",
  );
}

function speculationOf(conf: SparkConf): LocalEngineOptions["speculation"] {
  if (!conf.getBoolean("spark.speculation")) return undefined;
  return {
    intervalMs: conf.getMilliseconds("spark.speculation.interval")!,
    multiplier: conf.getFactor("spark.speculation.multiplier")!,
    quantile: conf.getFraction("spark.speculation.quantile")!,
    taskMsMin: conf.getMilliseconds("spark.speculation.minTaskRuntime")!,
  };
}

function startEngine(conf: SparkConf, host: EngineHost): Engine {
  const master = parseMaster(conf.get("spark.master")!, navigator.hardwareConcurrency);
  if (master.kind === "spark") throw noSparkEngine(master);
  const name = conf.get("flint.engine")!;
  if (name !== "local") {
    throw new ConfigError("InvalidConfig", `Cannot use "${name}" for flint.engine`, "Use local");
  }
  const { executors, slotsPerExecutor } = master;
  const workerMemoryBytes = conf.getBytes("flint.worker.memory")!;
  const { folders, warning } = localDirectories(conf);
  refuseMissing(folders);
  const engine = createLocalEngine({
    executors,
    slotsPerExecutor,
    attemptsMax: master.attempts ?? conf.getCount("spark.task.maxFailures") ?? ATTEMPTS_DEFAULT,
    stageAttemptsMax: conf.getCount("spark.stage.maxConsecutiveAttempts"),
    speculation: speculationOf(conf),
    taskMsMax: conf.getMilliseconds("flint.task.timeout"),
    workerMemoryBytes,
    storageFraction: conf.getFraction("spark.memory.storageFraction"),
    resultBytesMax: conf.getBytes("spark.driver.maxResultSize") || undefined,
    shuffleBytesMax: conf.getBytes("flint.shuffle.diskBytesMax"),
    executorMemoryBytes: conf.getBytes("spark.executor.memory") ?? master.executorMemoryBytes ??
      slotsPerExecutor * workerMemoryBytes + EXECUTOR_OVERHEAD_BYTES,
    sharing: sharingOf(conf),
    environment: executorEnvironment(conf),
    folders,
    grants: parseGrants(
      Object.fromEntries(GRANT_NAMES.map((name) => [name, conf.get(`flint.allow.${name}`) ?? ""])),
    ),
  }, host);
  if (warning !== undefined) host.warn(warning);
  return engine;
}
