/**
 * What stands behind a context: numbers its datasets and jobs, captures, resolves, runs.
 *
 *     action ─► prepare    in the call itself: every function is captured     synchronous
 *            ─► values     draft ─► plan (asks the sources) ─► Engine.run     a partition at a time
 *            ─► records    blocks ─► what the user gets
 */
import type { Closure } from "../core/closure/closure.ts";
import type { Token } from "../core/closure/tokens.ts";
import type { ClassTable } from "../core/codec/binary.ts";
import { decodeBlock } from "../core/codec/codec.ts";
import type { BroadcastId, Engine, TaskValue } from "../core/engine.ts";
import { CancelledError, PlanError } from "../core/errors.ts";
import type {
  CapturedDraft,
  Draft,
  PartitionId,
  Plan,
  PlanId,
  SourceRequest,
  Split,
  UserFunction,
} from "../core/plan/plan.ts";
import { type Partitioner as PartitionerData, partitionerOf } from "../core/plan/exchange.ts";
import { partitionCount, resolve, type ResolveHost } from "../core/plan/resolve.ts";
import type { GrantName } from "../core/grants.ts";
import { inputsFirst } from "../core/plan/walk.ts";
import type { StorageLevel } from "../core/storage_level.ts";
import type { Action, JobId } from "../core/task.ts";
import type { FileSystem } from "../io/file_system.ts";
import type { Sink } from "../io/sink.ts";
import { wholeNumber } from "./arguments.ts";
import type { CallSite } from "./call_site.ts";
import { type Cancellable, Cancellations } from "./cancellations.ts";
import type { DraftCapturer } from "./capture.ts";
import { Checkpoints } from "./checkpoints.ts";
import { classUsers } from "./class_users.ts";
import { Partitioner } from "./partitioner.ts";
import { PropertyScopes } from "./job_properties.ts";
import { PersistedDatasets } from "./persisted.ts";
import { SavesUnderWay } from "./saves_under_way.ts";

/** An action whose functions have been captured; it can run several times, for other partitions. */
export type PreparedJob = Readonly<{
  name: string;
  draft: Draft;
  captured: CapturedDraft;
  action: Action<Closure>;
  /** What cancels it, and the properties that it took along. */
  cancellable: Cancellable;
  /** The functions whose classes are known in all of its stages. */
  classUsers: readonly Closure[];
  /** The broadcasts and files that were on their way to the tasks when it was prepared. */
  publishing: readonly Promise<void>[];
}>;

export type RunOptions = Readonly<{
  signal?: AbortSignal | undefined;
  /** Only these partitions; all by default. */
  partitions?: readonly PartitionId[] | undefined;
  /** The number of the job, where it was needed before; a new one by default. */
  job?: JobId | undefined;
  /** It writes a checkpoint: none is made because of it. */
  isCheckpoint?: boolean | undefined;
}>;

/** What a driver is made of. */
export type DriverParts = Readonly<{
  engine: Engine;
  capturer: DraftCapturer;
  /** As `ResolveHost.split`; what it finds is kept with the request. */
  split: ResolveHost["split"];
  /** The classes whose instances keep their class in records. */
  classes: ClassTable;
  defaultParallelism: number;
  exchangePartitions: number | undefined;
  /** Where checkpoints go if the program does not say. */
  checkpointDirectory?: string | undefined;
  /** Where the records of a save go. */
  output(format: string): Readonly<{ sink: Sink; files: FileSystem }>;
  /** Whether this process itself has a permission, be it for one value or for all of its kind. */
  isGranted(name: GrantName, value?: string): boolean;
}>;

export class Driver {
  /** What is written to files when a job has gone through it, and read from there. */
  readonly checkpoints: Checkpoints;
  /** What actions take along. */
  readonly properties: PropertyScopes = new PropertyScopes();
  /** The actions that have been called. */
  readonly cancellations: Cancellations = new Cancellations();
  /** What a signal must not leave half done. */
  readonly saves: SavesUnderWay = new SavesUnderWay();
  readonly #parts: DriverParts;
  readonly #resolveHost: ResolveHost;
  /** A source is looked at once, as in Spark: all jobs see the same splits of it. */
  readonly #splits = new WeakMap<SourceRequest, Promise<readonly Split[]>>();
  readonly #publishing = new Set<Promise<void>>();
  /** Why broadcasts could not be handed to the engine. */
  readonly #unpublished = new Map<BroadcastId, unknown>();
  readonly #registered: Closure[] = [];
  #stopped = false;
  /** The exchanges that the program can still reach; what the engine keeps goes with them. */
  readonly #exchanges = new FinalizationRegistry<PlanId>((id) => this.#forgetSoon(id));
  /** Which datasets are kept for later jobs. */
  readonly persisted = new PersistedDatasets((id) => this.#forgetSoon(id, "kept"));
  /** The broadcasts that the program, or a function that was captured, can still reach. */
  readonly #tokens = new FinalizationRegistry<BroadcastId>((id) => {
    this.unpublish(id).catch(() => undefined);
  });
  #lastPlan = 0;
  #lastJob = -1;
  #lastBroadcast = -1;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.checkpoints = new Checkpoints(this, parts.checkpointDirectory);
    this.#resolveHost = {
      split: (request, partitionsMin) => this.#split(request, partitionsMin),
      defaultParallelism: parts.defaultParallelism,
      exchangePartitions: parts.exchangePartitions,
      checkpointOf: (id) => this.checkpoints.sourceOf(id),
      levelOf: (id) => this.persisted.levelOf(id),
    };
  }

  get defaultParallelism(): number {
    return this.#parts.defaultParallelism;
  }

  /** The classes whose instances keep their class in records. */
  get classes(): ClassTable {
    return this.#parts.classes;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Throws a PlanError (ContextStopped) once the context has been stopped. */
  assertRunning(act: string): void {
    if (!this.stopped) return;
    throw new PlanError(
      "ContextStopped",
      `Cannot call ${act}(): the context has been stopped`,
      "Call it before sc.stop(), or make a new SparkContext",
    );
  }

  nextPlanId(): PlanId {
    return this.#lastPlan++;
  }

  /** The engine keeps the output of an exchange for as long as its draft can be reached. */
  keepWhileReachable(draft: Draft | CapturedDraft): void {
    if (draft.kind === "exchange") this.#exchanges.register(draft, draft.id);
  }

  /** Captures an action's functions now, so that what they see is what the tasks will see. */
  prepare(draft: Draft, action: Action<UserFunction>, site: CallSite): PreparedJob {
    this.assertRunning(site.operator);
    const { capturer } = this.#parts;
    // Before the capture, during which microtasks may run: what fails meanwhile fails the job too.
    const publishing = [...this.#publishing];
    const captured = capturer.capture(draft);
    return {
      name: site.text,
      draft,
      captured,
      action: capturer.action(action),
      cancellable: this.cancellations.add(site.text, this.properties.all),
      classUsers: classUsers(captured),
      publishing,
    };
  }

  /** The same call of an action, about to do something else with the data that it saw. */
  next(job: PreparedJob, action: Action<UserFunction>): PreparedJob {
    return { ...job, action: this.#parts.capturer.action(action) };
  }

  /** Runs a job and yields the value of each wanted partition, in the order in which they are ready. */
  async *values(job: PreparedJob, options: RunOptions): AsyncGenerator<TaskValue> {
    const cancelled = job.cancellable.controller.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, cancelled]) : cancelled;
    signal.throwIfAborted();
    const plan = await resolve(job.captured, this.#resolveHost);
    await Promise.all(job.publishing);
    signal.throwIfAborted();
    const id = options.job ?? this.nextJobId();
    using _ = this.cancellations.running(id, job.cancellable);
    const { capturer, engine } = this.#parts;
    // What is kept must not be made of two programs, however this job ends.
    const drafts = inputsFirst(job.draft);
    const kept = drafts.filter(({ id }) => this.persisted.levelOf(id) !== undefined);
    capturer.markRan(kept, job.captured);
    yield* engine.run({
      id,
      plan,
      action: job.action,
      partitions: options.partitions,
      name: job.name,
      classes: [...this.#registered, ...job.classUsers],
      properties: job.cancellable.properties,
      signal,
    });
    capturer.markRan(drafts.filter(({ kind }) => kind === "exchange"), job.captured);
    this.persisted.markFilled(drafts);
    if (options.isCheckpoint !== true) await this.checkpoints.write(job, options);
  }

  /** Has the partitions of a dataset kept from the next job on. */
  persist(draft: Draft, level: StorageLevel, operator: string): void {
    this.assertRunning(operator);
    this.persisted.add(draft, level, operator);
  }

  /** Lets go of what is kept of a dataset; resolves when the executors have been told. */
  async release(draft: Draft): Promise<void> {
    if (!this.persisted.delete(draft)) return;
    this.#parts.capturer.release(draft);
    await this.forget(draft.id, "kept");
  }

  /** Lets go of what the engine keeps for a dataset. */
  async forget(id: PlanId, what?: "output" | "kept"): Promise<void> {
    if (!this.stopped) await this.#parts.engine.forget(id, what);
  }

  /** Classes that were registered travel with every job from now on. */
  registerClass(captured: Closure): void {
    this.#registered.push(captured);
  }

  /** The number of the next job; also for a sink, which names its folder by it. */
  nextJobId(): JobId {
    return ++this.#lastJob;
  }

  /** How many partitions a dataset has. Looks at its sources; captures nothing. */
  async partitionCount(draft: Draft): Promise<number> {
    return partitionCount(await this.plan(draft));
  }

  /** How a dataset is partitioned by key, where that is certain. */
  async partitioner(draft: Draft): Promise<Partitioner | undefined> {
    const found = partitionerOf(await this.plan(draft));
    return found && new Partitioner(found as unknown as PartitionerData<UserFunction, number>);
  }

  /** The hosts where the data of a partition lies; none where any place is as good. */
  async preferredLocations(draft: Draft, partition: PartitionId): Promise<string[]> {
    const last = await this.partitionCount(draft) - 1;
    wholeNumber(partition, "preferredLocations", "partition", 0, last);
    return [];
  }

  /** The plan of a draft, to be looked at: its functions are not captured, so it cannot run. */
  plan(draft: Draft | CapturedDraft): Promise<Plan> {
    // Resolving asks of functions only whether two of them are the same one.
    return resolve(draft as unknown as CapturedDraft, this.#resolveHost);
  }

  /** Where the records of a save go. */
  output(format: string): Readonly<{ sink: Sink; files: FileSystem }> {
    return this.#parts.output(format);
  }

  /** Whether the user's program itself has a permission, for one value or for all of its kind. */
  isGranted(name: GrantName, value?: string): boolean {
    return this.#parts.isGranted(name, value);
  }

  /** The records of blocks. */
  *records(blocks: Iterable<Uint8Array>): Generator<unknown> {
    for (const block of blocks) yield* decodeBlock(block, this.classes);
  }

  /** The value that a task gave back, where it is not records. */
  value(blocks: readonly Uint8Array[]): unknown {
    return this.records(blocks).next().value;
  }

  /** Hands a broadcast's bytes to the engine; jobs wait until it has them. */
  publish(bytes: Uint8Array): BroadcastId {
    const id = ++this.#lastBroadcast;
    const publishing = this.#parts.engine.publish(id, bytes);
    this.#publishing.add(publishing);
    // Jobs that wait for it fail with it; later ones as soon as they capture it.
    publishing.catch((error) => void this.#unpublished.set(id, error))
      .finally(() => this.#publishing.delete(publishing));
    return id;
  }

  /** The engine keeps a broadcast for as long as what stands for it in closures can be reached. */
  keepPublished(id: BroadcastId, token: Token): void {
    this.#tokens.register(token, id);
  }

  /** Jobs that are started from now on wait for something that tasks need, or fail with it. */
  waitFor(ready: Promise<unknown>): void {
    const waiting = ready.then(() => undefined);
    this.#publishing.add(waiting);
    waiting.catch(() => undefined).finally(() => this.#publishing.delete(waiting));
  }

  /** Throws why the engine does not have a broadcast, where it could not take it. */
  assertPublished(id: BroadcastId): void {
    if (this.#unpublished.has(id)) throw this.#unpublished.get(id);
  }

  /** Has the executors let go of what they have decoded of a broadcast. */
  unpersist(id: BroadcastId): Promise<void> {
    return this.stopped ? Promise.resolve() : this.#parts.engine.unpersist(id);
  }

  /** Takes a broadcast back, once the engine has it. */
  async unpublish(id: BroadcastId): Promise<void> {
    await Promise.allSettled(this.#publishing);
    if (!this.stopped) await this.#parts.engine.unpublish(id);
  }

  /** Ends all jobs and the engine. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.stopped) {
      this.#stopped = true;
      this.cancellations.abort(
        () => true,
        () => new CancelledError("Cancelled", "The job was cancelled: its context was stopped"),
      );
    }
    await this.#parts.engine[Symbol.asyncDispose]();
  }

  /** A dataset is no longer made of what it was made of: its captures and its output can go. */
  letGo(draft: Draft): void {
    this.#parts.capturer.release(draft);
    this.#forgetSoon(draft.id, "output");
  }

  #forgetSoon(id: PlanId, what?: "output" | "kept"): void {
    // What could not be removed now goes with the context.
    this.forget(id, what).catch(() => undefined);
  }

  #split(request: SourceRequest, partitionsMin: number): Promise<readonly Split[]> {
    const known = this.#splits.get(request);
    if (known !== undefined) return known;
    const splits = this.#parts.split(request, partitionsMin);
    this.#splits.set(request, splits);
    // What could not be read may be there the next time.
    splits.catch(() => this.#splits.delete(request));
    return splits;
  }
}
