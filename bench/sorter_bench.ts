// `deno task bench`: the sorter, by keys alone; within its memory, and with an eighth of it.
import { MemoryBudget } from "../shuffle/memory_budget.ts";
import type { SortedRecords } from "../shuffle/merge.ts";
import { Sorter } from "../shuffle/sorter.ts";
import { SpillManager } from "../shuffle/spill_manager.ts";
import { denoPlatform as platform } from "../workers/platform_deno.ts";
import { assertSorted, drained, packed, type PackedKeys } from "./sorted_keys.ts";
import { benchNow, lines } from "./suite.ts";

const RECORDS = 100_000;
const folder = Deno.makeTempDirSync({ prefix: "flint-bench-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const keys: Readonly<Record<string, PackedKeys>> = {
  lines: packed(lines(RECORDS)),
  numbers: packed(Array.from({ length: RECORDS }, (_, i) => i * 48_271 % 2_147_483_647)),
};

function sorted<T>(
  { bytes, starts }: PackedKeys,
  bytesMax: number,
  read: (records: SortedRecords) => T,
): T {
  using spills = new SpillManager(platform, [folder]);
  using sorter = new Sorter({ platform, budget: new MemoryBudget(bytesMax), spills });
  for (let i = 0; i < RECORDS; i++) {
    sorter.add(bytes, starts[i]!, starts[i + 1]! - starts[i]!, 0, 0);
  }
  using records = sorter.sorted();
  return read(records);
}

for (const [name, packedKeys] of Object.entries(keys)) {
  const room = 8 * packedKeys.bytes.length + (16 << 20);
  for (const [how, bytesMax] of [["in memory", room], ["spilled", packedKeys.bytes.length / 8]]) {
    sorted(packedKeys, bytesMax as number, (records) => assertSorted(records, RECORDS));
    const measured = () => sorted(packedKeys, bytesMax as number, drained);
    benchNow("sort 100,000 keys", `${name}, ${how}`, measured);
  }
}
