/**
 * Which waiting task starts next, and where: the part of the scheduler that looks at the executors.
 *
 *     ready stages ─► whose turn (pools.ts) ─► which partition, which seat (placement.ts) ─► launch
 *
 * A task starts where what it wants is kept, if there is room, else on the idlest executor. One that is
 * suspected of having ended its executor starts where nothing else runs; the rival of one that is late
 * starts on another executor, when nothing else of its stage waits; the tasks of a barrier stage
 * start together, and until there is a slot for each nothing starts whose turn is later.
 */
import type { PartitionId } from "../../core/plan/plan.ts";
import type { StagePlan } from "../../core/plan/stages.ts";
import type { AttemptInfo, ExchangeId, ExecutorId, JobId } from "../../core/task.ts";
import type { Announcements } from "./announcements.ts";
import { keepsAny, type KeptBlocks } from "./kept_blocks.ts";
import type { ExchangeOutputs } from "./outputs.ts";
import type { Seat, Seats } from "./placement.ts";
import { Pools, type Sharing } from "./pools.ts";
import type { Instruction } from "./stimulus.ts";
import type { Attempt, TaskSet } from "./task_set.ts";

/** What a launcher looks at, and whom it tells. */
export type LauncherParts = Readonly<{
  seats: Seats<Attempt>;
  kept: KeptBlocks;
  /** How jobs share the executors. */
  sharing: Sharing;
  poolOf: (job: JobId) => string;
  outputsOf: (exchange: ExchangeId) => ExchangeOutputs;
  announce: Announcements;
  say: (instruction: Instruction) => void;
}>;

/** What starts, and where. */
type Place = Readonly<{ seat: Seat<Attempt>; partition: PartitionId }>;

/** An attempt that has its slot and was not told to start. */
type Begun = Readonly<{ attempt: Attempt; info: AttemptInfo }>;

/** Starts tasks while there are slots. */
export class Launcher {
  readonly #parts: LauncherParts;
  readonly #pools: Pools;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
    this.#pools = new Pools(parts.sharing);
  }

  /** Starts what can start of the stages that are ready, in the order in which they are served. */
  launch(ready: readonly TaskSet[], nowMs: number): void {
    const { seats, poolOf } = this.#parts;
    seats.beginRound();
    /** Those whose suspects have to wait for an executor of their own. */
    const held = new Set<TaskSet>();
    /** Those whose late tasks have no other executor to go to. */
    const passed = new Set<TaskSet>();
    const hasLate = (tasks: TaskSet) => tasks.late.length > 0 && !passed.has(tasks);
    const hasSuspect = (tasks: TaskSet) => tasks.suspects > 0 && !held.has(tasks);
    const claims = ready.map((tasks) => ({
      tasks,
      pool: poolOf(tasks.waitingJobs[0]!),
      wants: () => hasSuspect(tasks) || tasks.waiting > tasks.suspects || hasLate(tasks),
    }));
    const running = (pool: string) => this.#runningIn(pool);
    for (const { tasks } of this.#pools.turns(claims, running)) {
      if (tasks.isBarrier) {
        if (seats.slotsFree < tasks.waiting) return;
        this.#launchTogether(tasks, nowMs);
        continue;
      }
      const alone = hasSuspect(tasks);
      if (!alone && tasks.waiting === tasks.suspects) {
        const place = this.#placeRival(tasks);
        if (place === undefined) passed.add(tasks);
        else this.#start(this.#begin(tasks, place, false, nowMs));
        continue;
      }
      const place = alone ? this.#placeAlone(tasks) : this.#place(tasks);
      if (place !== undefined) this.#start(this.#begin(tasks, place, alone, nowMs));
      else if (alone) held.add(tasks);
      else return;
    }
  }

  /** How many slots the tasks of a pool hold, those included that were cancelled and go on. */
  #runningIn(pool: string): number {
    let count = 0;
    for (const seat of this.#parts.seats) {
      for (const attempt of seat.running.values()) if (attempt.pool === pool) count++;
    }
    return count;
  }

  /** Where the next suspect may start; undefined where it has to wait. */
  #placeAlone(tasks: TaskSet): Place | undefined {
    const seat = this.#parts.seats.freeAlone(tasks.id);
    return seat && { seat, partition: tasks.next(true)! };
  }

  /** Where a second attempt at a late task may start; undefined where none can. */
  #placeRival(tasks: TaskSet): Place | undefined {
    const { seats, kept, outputsOf } = this.#parts;
    for (const { task: { partition }, executor } of tasks.late) {
      // What the late one found kept may be gone, and what that is made from may not be there.
      const needs = kept.needs(tasks.plan, [partition]);
      if (!needs.every((exchange) => outputsOf(exchange).isComplete)) continue;
      const seat = seats.free(tasks.id, executor);
      if (seat !== undefined) return { seat, partition };
    }
    return undefined;
  }

  /** What may start where: first what finds kept partitions there, then all others anywhere. */
  #place(tasks: TaskSet): Place | undefined {
    const { plan } = tasks;
    const { seats, kept } = this.#parts;
    for (const seat of keepsAny(plan.stage) ? seats.open : []) {
      const suits = (partition: PartitionId) => kept.suits(seat.id, plan, partition);
      const partition = tasks.next(false, suits);
      if (partition !== undefined) return { seat, partition };
    }
    const seat = seats.free(tasks.id);
    return seat && { seat, partition: tasks.next(false)! };
  }

  #launchTogether(tasks: TaskSet, nowMs: number): void {
    const begun: Begun[] = [];
    const addresses: string[] = [];
    while (tasks.waiting > 0) {
      const each = this.#begin(tasks, this.#place(tasks)!, false, nowMs);
      begun.push(each);
      addresses[each.attempt.task.partition] = addressOf(each.attempt.executor);
    }
    for (const each of begun) this.#start({ ...each, info: { ...each.info, addresses } });
  }

  /** Takes a slot. */
  #begin(tasks: TaskSet, { seat, partition }: Place, alone: boolean, nowMs: number): Begun {
    const { seats, kept, poolOf, outputsOf, announce } = this.#parts;
    const job = tasks.waitingJobs[0]!;
    announce.stageStarted(tasks, job);
    // Those that are incomplete are not needed: all that would be read from them is kept.
    const inputs = tasks.plan.parents.map(outputsOf)
      .filter((outputs) => outputs.isComplete);
    this.#prepare(tasks.plan, seat, inputs);
    const attempt = tasks.launch(partition, {
      job,
      pool: poolOf(job),
      executor: seat.id,
      startedAtMs: nowMs,
      seen: new Map(inputs.map((outputs) => [outputs.id, outputs.version])),
      elsewhere: kept.elsewhere(seat.id, tasks.plan, partition),
      alone,
    });
    const id = seats.launch(seat, attempt.task, attempt, alone);
    return { attempt, info: { id, stageAttempt: tasks.stageAttempt } };
  }

  #start({ attempt, info }: Begun): void {
    const { tasks, task, executor, elsewhere } = attempt;
    const flow = tasks.plan.flows.get(task.partition)!;
    this.#parts.announce.taskStarted(attempt);
    this.#parts.say({ kind: "launch", executor, task, info, flow, elsewhere });
  }

  #prepare({ stage }: StagePlan, seat: Seat<Attempt>, inputs: readonly ExchangeOutputs[]): void {
    const version = inputs.map((outputs) => `${outputs.id}:${outputs.version}`).join();
    if (seat.prepared.get(stage.id) === version) return;
    seat.prepared.set(stage.id, version);
    const locations = inputs.map((outputs) => outputs.location());
    this.#parts.say({ kind: "prepare", executor: seat.id, stage, locations });
  }
}

/** All executors of this engine are on this machine. */
function addressOf(executor: ExecutorId): string {
  return `127.0.0.1:${executor}`;
}
