import assert from "node:assert/strict";
import { Seats } from "../../../runtime/local/placement.ts";

function seatsOf(...slots: number[]): Seats<string> {
  const seats = new Seats<string>();
  for (const [id, count] of slots.entries()) seats.add(id, count);
  return seats;
}

function launch(seats: Seats<string>, executor: number, partition: number, alone = false): void {
  const task = { stage: 0, partition, attempt: 0 };
  seats.launch(seats.get(executor)!, task, `task ${partition}`, alone);
}

Deno.test("the idlest executor is next, then one that has the stage, then who waited longest", () => {
  const seats = seatsOf(2, 2, 2);
  assert.equal(seats.free(0)!.id, 0);
  launch(seats, 0, 0);
  seats.get(2)!.prepared.set(7, "1:1");
  assert.equal(seats.free(7)!.id, 2);
  assert.equal(seats.free(8)!.id, 1);
  launch(seats, 1, 1);
  launch(seats, 2, 2);
  assert.equal(seats.free(8)!.id, 0);
});

Deno.test("a full executor is not free, and is again when a task ends there", () => {
  const seats = seatsOf(1);
  launch(seats, 0, 5);
  assert.equal(seats.free(0), undefined);
  assert.equal(seats.end(0, { stage: 0, partition: 4, attempt: 0 }), undefined);
  assert.equal(seats.end(0, { stage: 0, partition: 5, attempt: 0 }), "task 5");
  assert.equal(seats.free(0)!.id, 0);
});

Deno.test("a task that must be alone gets an idle executor, and nothing beside it", () => {
  const seats = seatsOf(2, 2);
  launch(seats, 0, 0);
  assert.equal(seats.freeAlone(0)!.id, 1);
  launch(seats, 1, 1, true);
  assert.equal(seats.free(0)!.id, 0);
  assert.equal(seats.slotsTaken, 3);
  launch(seats, 0, 2);
  assert.equal(seats.free(0), undefined);
});

Deno.test("if none is idle, the one with the fewest tasks is kept free until it is", () => {
  const seats = seatsOf(3, 3);
  for (const [executor, partition] of [[0, 0], [0, 1], [1, 2]] as const) {
    launch(seats, executor, partition);
  }
  seats.beginRound();
  assert.equal(seats.freeAlone(0), undefined);
  assert.equal(seats.free(0)!.id, 0, "executor 1 is kept free");
  seats.end(1, { stage: 0, partition: 2, attempt: 0 });
  seats.beginRound();
  assert.equal(seats.freeAlone(0)!.id, 1);
});
