import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";

Deno.test("a holder gets three quarters of what the others have left, and no more", () => {
  const budget = new MemoryBudget(1024);
  const first = budget.reserve("first");
  assert.equal(budget.bytesPerHolderMax, 768);
  assert.equal(first.tryGrow(769), false);
  assert.equal(first.bytes, 0);
  assert.equal(first.tryGrow(700), true);
  assert.equal(first.tryGrow(69), false);
  assert.equal(first.tryGrow(68), true);
  const second = budget.reserve("second");
  assert.equal(second.tryGrow(193), false);
  assert.equal(second.tryGrow(192), true);
  assert.equal(budget.bytesReserved, 960);
  first[Symbol.dispose]();
  assert.equal(second.tryGrow(576), true);
  assert.equal(second.tryGrow(1), false);
});

Deno.test("the peak is the highest sum, until it is reset", () => {
  const budget = new MemoryBudget(1000);
  const a = budget.reserve("a");
  const b = budget.reserve("b");
  a.tryGrow(500);
  b.tryGrow(100);
  a.shrink(400);
  assert.equal(budget.bytesPeak, 600);
  budget.resetPeak();
  assert.equal(budget.bytesPeak, 200);
});

Deno.test("giving back more than one has is a bug that names the holder", () => {
  const a = new MemoryBudget(1000).reserve("the table");
  a.tryGrow(10);
  assert.throws(() => a.shrink(11), { code: "Bug", message: /the table shrank by 11 bytes/ });
});

Deno.test("each of the holders that are expected gets its part, whoever comes first", () => {
  for (const holders of [1, 2, 3, 10]) {
    const budget = new MemoryBudget(holders << 20);
    budget.expect(holders);
    const certain = Math.floor(budget.bytesMax / (2 * holders) * 3 / 4);
    const reservations = Array.from({ length: holders }, () => budget.holder().reserve("a holder"));
    const took = reservations.map((reservation) => {
      let bytes = 0;
      for (let step = budget.bytesMax; step >= 1; step /= 2) {
        while (reservation.tryGrow(step)) bytes += step;
      }
      return bytes;
    });
    for (const bytes of took) assert.ok(bytes >= certain, `${bytes} of ${budget.bytesMax}`);
    assert.ok(took[0]! >= budget.bytesMax * 3 / 8, "half of it goes to whoever comes first");
    assert.ok(budget.bytesReserved <= budget.bytesMax);
  }
});

Deno.test("a holder that has given all back makes room; one that is not expected gets the rest", () => {
  const budget = new MemoryBudget(1 << 20);
  budget.expect(2);
  const guest = budget.holder(false).reserve("guest");
  const first = budget.holder().reserve("first");
  assert.ok(first.tryGrow(500_000));
  assert.ok(!guest.tryGrow(300_000), "what the second is certain of is not for guests");
  assert.ok(guest.tryGrow(100_000));
  const second = budget.holder().reserve("second");
  assert.ok(second.tryGrow(196_608));
  first[Symbol.dispose]();
  guest[Symbol.dispose]();
  const third = budget.holder().reserve("third");
  assert.ok(third.tryGrow(500_000));
});

Deno.test("the reservations of one holder leave something for each other", () => {
  const budget = new MemoryBudget(1 << 20);
  budget.expect(2);
  const holder = budget.holder();
  const [table, blocks] = [holder.reserve("table"), holder.reserve("blocks")];
  assert.ok(table.tryGrow((1 << 20) * 9 / 16));
  assert.ok(!table.tryGrow(16));
  assert.ok(blocks.tryGrow(100_000));
});

Deno.test("more holders than a budget has room for are refused before they begin", () => {
  const budget = new MemoryBudget(256 * 1024);
  budget.expect(4);
  assert.throws(() => budget.expect(5), { code: "OverBudget", message: /5 steps.*320k/s });
  new MemoryBudget(1024).expect(1);
});

Deno.test("whatever holders do, the sums are right and the budget is kept", () => {
  const step = fc.tuple(fc.nat(3), fc.constantFrom("grow", "shrink", "dispose"), fc.nat(800));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new MemoryBudget(1000);
      const holders = [0, 1, 2, 3].map((i) => budget.reserve(`holder ${i}`));
      const held = [0, 0, 0, 0];
      for (const [i, act, bytes] of steps) {
        const holder = holders[i]!;
        if (act === "grow") held[i]! += holder.tryGrow(bytes) ? bytes : 0;
        if (act === "shrink") {
          const less = Math.min(bytes, held[i]!);
          holder.shrink(less);
          held[i]! -= less;
        }
        if (act === "dispose") {
          holder[Symbol.dispose]();
          holders[i] = budget.reserve(`holder ${i} again`);
          held[i] = 0;
        }
        assert.deepEqual(holders.map((holder) => holder.bytes), held);
        assert.equal(budget.bytesReserved, held.reduce((a, b) => a + b));
        assert.ok(budget.bytesPeak <= budget.bytesMax);
        const free = budget.bytesMax - budget.bytesReserved;
        assert.ok(free >= budget.bytesMax / 4 ** 4 - 4, "nothing is left for another holder");
      }
    }),
  );
});

Deno.test("while the process holds too much, whoever holds a part is told no earlier, and once", () => {
  let isPressed = false;
  const budget = new MemoryBudget(1024, () => isPressed);
  const table = budget.reserve("table");
  assert.equal(table.tryGrow(192), true);
  isPressed = true;
  assert.equal(table.tryGrow(1), false, "a quarter of its share is enough");
  assert.equal(table.tryGrow(500), true, "whoever asks again gets what there is");
  assert.equal(table.tryGrow(1), false, "the next time it is told so again");
  table.shrink(600);
  assert.equal(table.tryGrow(100), true, "there is nothing to be spilled");
  isPressed = false;
  assert.equal(table.tryGrow(500), true);
  assert.equal(table.tryGrow(100), false, "the budget itself holds as ever");
});

Deno.test("who holds nothing is not told no for the sake of the process", () => {
  const budget = new MemoryBudget(1024, () => true);
  assert.equal(budget.reserve("one large record").tryGrow(768), true);
});
