/**
 * Where the tasks of barrier stages meet: who waits, and what to tell them.
 *
 *     partition 0   ── allGather("a") ──┐
 *     partition 1   ── allGather("b") ──┤ all are here ─► ["a", "b", "c"] to each of them
 *     partition 2   ── allGather("c") ──┘
 *
 * Pure, as the scheduler is. It sees to it that nobody waits for those who will not come: where tasks
 * make different calls, or one has ended while others wait, the ones that wait are told so. What else
 * befalls a task starts its whole stage anew (scheduler.ts), and those who wait are cancelled.
 */
import type { FailureReport } from "../../core/errors.ts";
import type { AttemptInfo, ExecutorId, Meeting, Task } from "../../core/task.ts";
import { taskKey } from "./placement.ts";

/** What a task that waits is told: the messages of all, by partition, or why they will not come. */
export type Answer = Readonly<
  & { executor: ExecutorId; task: Task }
  & ({ messages: readonly string[] } | { failure: FailureReport })
>;

type Member = {
  readonly task: Task;
  readonly executor: ExecutorId;
  readonly group: Group;
  calls: number;
  /** What it waits in; undefined while it runs. */
  call: Readonly<{ meeting: Meeting; message: string }> | undefined;
  hasEnded: boolean;
};

/** The tasks of one attempt at a stage, by partition. */
type Group = { readonly size: number; readonly members: Map<number, Member> };

export class Barriers {
  /** By `stage/stageAttempt`. */
  readonly #groups = new Map<string, Group>();
  readonly #members = new Map<string, Member>();

  /** A task was launched. All of its stage are before any of them can arrive. */
  launched(executor: ExecutorId, task: Task, { stageAttempt, addresses }: AttemptInfo): void {
    if (addresses === undefined) return;
    const key = `${task.stage}/${stageAttempt}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, group = { size: addresses.length, members: new Map() });
    }
    const member = { task, executor, group, calls: 0, call: undefined, hasEnded: false };
    group.members.set(task.partition, member);
    this.#members.set(taskKey(task), member);
  }

  /** A task waits for the others of its stage. Of one that has been given up nothing comes. */
  arrived(
    executor: ExecutorId,
    task: Task,
    meeting: Meeting,
    message: string,
  ): readonly Answer[] {
    const member = this.#members.get(taskKey(task));
    if (member?.executor !== executor || member.call !== undefined) return [];
    member.calls++;
    member.call = { meeting, message };
    return answers(member.group);
  }

  /** A task has ended. Where it did not end well, the others do not count any more. */
  ended(task: Task, isWell: boolean): readonly Answer[] {
    const member = this.#members.get(taskKey(task));
    if (member === undefined) return [];
    member.hasEnded = true;
    const { group } = member;
    if (isWell && group.members.values().some(({ hasEnded }) => !hasEnded)) return answers(group);
    this.#forget(group);
    return [];
  }

  /** An executor is gone, and with it the stages whose tasks ran there. */
  lost(executor: ExecutorId): void {
    for (const group of [...this.#groups.values()]) {
      const isHit = group.members.values()
        .some((member) => member.executor === executor && !member.hasEnded);
      if (isHit) this.#forget(group);
    }
  }

  #forget(group: Group): void {
    for (const { task } of group.members.values()) this.#members.delete(taskKey(task));
    for (const [key, candidate] of this.#groups) {
      if (candidate === group) this.#groups.delete(key);
    }
  }
}

/** What those who wait are to be told now, if anything. */
function answers({ size, members }: Group): Answer[] {
  const inOrder = Array.from({ length: size }, (_, partition) => members.get(partition)!);
  const waiting = inOrder.filter(({ call }) => call !== undefined);
  const ended = inOrder.find(({ hasEnded }) => hasEnded);
  if (waiting.length === 0 || ended === undefined && waiting.length < size) return [];
  const [first] = waiting as [Member];
  const other = waiting.find(({ call }) => call!.meeting !== first.call!.meeting);
  const failure = ended !== undefined
    ? notMet(
      first,
      `partition ${ended.task.partition} has ended after ${times(ended.calls)}, partition ` +
        `${first.task.partition} waits in number ${first.calls}`,
    )
    : other && notMet(first, `${place(first)}, and ${place(other)}`);
  const messages = waiting.map(({ call }) => call!.message);
  for (const member of waiting) member.call = undefined;
  return waiting.map(({ executor, task }) =>
    failure === undefined ? { executor, task, messages } : { executor, task, failure }
  );
}

function place({ task, call, calls }: Member): string {
  return `partition ${task.partition} waits in ${call!.meeting}(), its call number ${calls}`;
}

function times(calls: number): string {
  return calls === 1 ? "1 call" : `${calls} calls`;
}

function notMet({ task }: Member, what: string): FailureReport {
  return {
    name: "PlanError",
    code: "InvalidArgument",
    message: `The tasks of barrier stage ${task.stage} do not meet: ${what}\n` +
      "  All of them have to call barrier() and allGather() in the same order and equally often",
    final: true,
  };
}
