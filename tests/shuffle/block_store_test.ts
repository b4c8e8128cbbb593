import assert from "node:assert/strict";
import fc from "fast-check";
import type { MapOutput } from "../../core/task.ts";
import { BlockStore } from "../../shuffle/block_store.ts";
import type { BlockSink } from "../../shuffle/carrier.ts";
import { MemoryBudget } from "../../shuffle/memory_budget.ts";
import { SpillManager } from "../../shuffle/spill_manager.ts";
import { denoPlatform as platform } from "../../workers/platform_deno.ts";
import { temporaryFolder } from "./keyed_records.ts";

/** Takes what is drained. */
class ListSink implements BlockSink {
  readonly kind = "blocks";
  readonly taken: [partition: number, block: number[]][] = [];

  write(partition: number, block: Uint8Array): void {
    this.taken.push([partition, [...block]]);
  }

  close(): MapOutput {
    return { file: "list", records: 0, bytes: 0 };
  }

  [Symbol.dispose](): void {}
}

function ioIn(folder: string, bytesMax: number) {
  const spills = new SpillManager(platform, [folder]);
  return { platform, budget: new MemoryBudget(bytesMax), spills, partition: 0 };
}

Deno.test("blocks leave by partition and in the order in which they came, spilled or not", () => {
  using folder = temporaryFolder();
  const put = fc.tuple(fc.nat({ max: 3 }), fc.uint8Array({ minLength: 1, maxLength: 60 }));
  fc.assert(
    fc.property(
      fc.array(put, { maxLength: 30 }),
      fc.constantFrom(1, 100, 1e6),
      (puts, bytesMax) => {
        const io = ioIn(folder.path, bytesMax);
        const sink = new ListSink();
        using store = new BlockStore(4, io);
        for (const [partition, block] of puts) store.put(partition, block, 1);
        store.drain(sink);
        const expected = [0, 1, 2, 3].flatMap((partition) =>
          puts.filter(([at]) => at === partition).map(([at, block]) => [at, [...block]])
        );
        assert.deepEqual(sink.taken, expected);
        assert.deepEqual(folder.names(), []);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("spilled blocks that are changed, cut, moved or gone are found", () => {
  using folder = temporaryFolder();
  using store = new BlockStore(2, ioIn(folder.path, 1e6));
  const blocks = [1, 2, 3].map((byte) => new Uint8Array(20).fill(byte));
  for (const [i, block] of blocks.entries()) store.put(i % 2, block, 1);
  store.spill();
  const [name] = folder.names();
  const path = `${folder.path}/${name}`;
  const whole = Deno.readFileSync(path);
  assert.equal(whole.length, 60);
  const read = () =>
    [0, 1].flatMap((partition) => Array.from(store.blocksOf(partition), (block) => block.slice()));
  const expectDamage = (bytes: Uint8Array, what: string) => {
    Deno.writeFileSync(path, bytes);
    assert.throws(read, { name: "RecordError", code: "CorruptBlock" }, what);
  };
  assert.deepEqual(read(), [blocks[0], blocks[2], blocks[1]]);
  for (let at = 0; at < whole.length; at++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const changed = whole.slice();
      changed[at]! ^= mask;
      expectDamage(changed, `${mask} at ${at}`);
    }
    expectDamage(whole.subarray(0, at), `cut to ${at}`);
  }
  const swapped = Uint8Array.of(
    ...whole.subarray(20, 40),
    ...whole.subarray(0, 20),
    ...whole.subarray(40),
  );
  expectDamage(swapped, "two blocks in each other's place");
});
