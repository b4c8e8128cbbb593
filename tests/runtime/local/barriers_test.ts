/** Where tasks of barrier stages meet: nobody waits for ever, and nobody gets what is not meant for it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Meeting, Task } from "../../../core/task.ts";
import { type Answer, Barriers } from "../../../runtime/local/barriers.ts";

/** Barriers that know one attempt at a stage with so many tasks, one an executor. */
function rig(size: number, stageAttempt = 0, barriers = new Barriers()) {
  const addresses = Array.from({ length: size }, (_, executor) => `host:${executor}`);
  const tasks = addresses.map((_, partition): Task => (
    { stage: 7, partition, attempt: stageAttempt }
  ));
  for (const task of tasks) {
    barriers.launched(task.partition, task, { id: 0, stageAttempt, addresses });
  }
  return { barriers, tasks };
}

/** What each task is told: the messages, or the first line of why not. */
function told(answers: readonly Answer[]): [partition: number, what: unknown][] {
  return answers.map((answer) => [
    answer.task.partition,
    "failure" in answer ? answer.failure.message.split("\n")[0] : answer.messages,
  ]);
}

Deno.test("all get the messages of all, when the last one has come", () => {
  const { barriers, tasks: [a, b, c] } = rig(3);
  assert.deepEqual(barriers.arrived(1, b!, "allGather", "b"), []);
  assert.deepEqual(barriers.arrived(2, c!, "allGather", "c"), []);
  const all = ["a", "b", "c"];
  const answers = barriers.arrived(0, a!, "allGather", "a");
  assert.deepEqual(told(answers), [[0, all], [1, all], [2, all]]);
  assert.deepEqual(answers.map(({ executor }) => executor), [0, 1, 2]);
});

Deno.test("who waits for one that has ended is told so, whichever was first", () => {
  const first = rig(2);
  first.barriers.arrived(0, first.tasks[0]!, "barrier", "");
  const said = "The tasks of barrier stage 7 do not meet: partition 1 has ended after 0 calls, " +
    "partition 0 waits in number 1";
  assert.deepEqual(told(first.barriers.ended(first.tasks[1]!, true)), [[0, said]]);
  const second = rig(2);
  assert.deepEqual(second.barriers.ended(second.tasks[1]!, true), []);
  const answers = second.barriers.arrived(0, second.tasks[0]!, "barrier", "");
  assert.deepEqual(told(answers), [[0, said]]);
  const [answer] = answers;
  assert("failure" in answer!);
  assert.deepEqual([answer.failure.name, answer.failure.code, answer.failure.final], [
    "PlanError",
    "InvalidArgument",
    true,
  ]);
});

Deno.test("barrier() and allGather() do not meet", () => {
  const { barriers, tasks: [a, b] } = rig(2);
  barriers.arrived(0, a!, "barrier", "");
  const answers = told(barriers.arrived(1, b!, "allGather", "x"));
  assert.deepEqual(answers.map(([partition]) => partition), [0, 1]);
  assert.match(`${answers[0]![1]}`, /partition 0 waits in barrier\(\).*partition 1 waits in allG/);
});

Deno.test("of an attempt that is over nothing comes, and the next one is another", () => {
  const { barriers, tasks: [a, b] } = rig(2);
  barriers.arrived(0, a!, "barrier", "");
  assert.deepEqual(barriers.ended(b!, false), []);
  assert.deepEqual(barriers.arrived(0, a!, "barrier", ""), []);
  const again = rig(2, 1, barriers);
  assert.deepEqual(barriers.arrived(1, b!, "barrier", "of the first attempt"), []);
  assert.deepEqual(barriers.arrived(1, again.tasks[1]!, "allGather", "b"), []);
  assert.deepEqual(barriers.arrived(1, again.tasks[0]!, "allGather", "forged"), []);
  assert.equal(barriers.arrived(0, again.tasks[0]!, "allGather", "a").length, 2);
  barriers.lost(1);
  assert.deepEqual(barriers.arrived(0, again.tasks[0]!, "barrier", ""), []);
});

Deno.test("tasks of other stages are none of its business", () => {
  const barriers = new Barriers();
  const task = { stage: 1, partition: 0, attempt: 0 };
  barriers.launched(0, task, { id: 0, stageAttempt: 0 });
  assert.deepEqual(barriers.arrived(0, task, "barrier", ""), []);
  assert.deepEqual(barriers.ended(task, true), []);
});

const calls = fc.array(fc.constantFrom<Meeting>("barrier", "allGather"), { maxLength: 4 });

Deno.test("whatever tasks call and in whatever order they come, nobody waits for ever", () => {
  const equal = fc.tuple(fc.integer({ min: 1, max: 5 }), calls)
    .map(([size, calls]) => Array.from({ length: size }, () => calls));
  const programs = fc.oneof(equal, fc.array(calls, { minLength: 1, maxLength: 5 }));
  fc.assert(fc.property(programs, fc.infiniteStream(fc.nat()), (programs, chance) => {
    const { barriers, tasks } = rig(programs.length);
    const made = programs.map(() => 0);
    const open = new Set(tasks);
    const waiting = new Set<Task>();
    let failures = 0;
    for (;;) {
      const able = [...open].filter((task) => !waiting.has(task));
      if (able.length === 0) break;
      const task = able[chance.next().value % able.length]!;
      const { partition } = task;
      const meeting = programs[partition]![made[partition]!];
      let answers: readonly Answer[];
      if (meeting === undefined) {
        open.delete(task);
        answers = barriers.ended(task, true);
      } else {
        waiting.add(task);
        answers = barriers.arrived(partition, task, meeting, `${++made[partition]!}`);
      }
      for (const answer of answers) {
        assert(waiting.delete(answer.task), "an answer to one that does not wait");
        if ("failure" in answer) {
          failures++;
          // The scheduler starts all of them again.
          open.delete(answer.task);
        } else {
          assert.deepEqual(answer.messages, programs.map(() => `${made[partition]}`));
        }
      }
    }
    assert.equal(waiting.size, 0);
    const isAlike = programs.every((calls) => calls.join() === programs[0]!.join());
    assert.equal(failures === 0, isAlike);
  }));
});
