/** The driver between two executors, of which one keeps what the other wants. */
import assert from "node:assert/strict";
import { KeptReads } from "../../../runtime/local/kept_reads.ts";

function rig() {
  const sent: unknown[] = [];
  const reads = new KeptReads((executor, message) => void sent.push([executor, message]));
  const wanted = (reader: number, request: number, holder: number) =>
    reads.wanted(reader, {
      kind: "wantKept",
      request,
      dataset: 7,
      partition: 1,
      executor: holder,
    });
  return { reads, wanted, sent: () => sent.splice(0) };
}

Deno.test("a wish goes to the holder, and its answer to the one who wished", () => {
  const { reads, wanted, sent } = rig();
  reads.welcome(1);
  wanted(2, 5, 1);
  assert.deepEqual(sent(), [
    [1, { kind: "exportKept", reader: 2, request: 5, dataset: 7, partition: 1 }],
  ]);
  const answer = { kind: "keptExported", reader: 2, request: 5, file: "f.data" } as const;
  reads.exported(1, answer);
  assert.deepEqual(sent(), [[2, { kind: "keptFile", request: 5, file: "f.data" }]]);
  reads.exported(1, answer);
  assert.deepEqual(sent(), [], "nobody waits for it any more");
});

Deno.test("whoever waits for an executor that is gone is told so, once", () => {
  const { reads, wanted, sent } = rig();
  reads.welcome(1);
  wanted(2, 5, 1);
  wanted(3, 5, 1);
  reads.exported(1, { kind: "keptExported", reader: 3, request: 5 });
  sent();
  reads.lost(1);
  reads.lost(1);
  assert.deepEqual(sent(), [[2, { kind: "keptFile", request: 5 }]]);
  wanted(2, 6, 1);
  assert.deepEqual(sent(), [[2, { kind: "keptFile", request: 6 }]]);
});
