/** What persisting gives: checked by `deno check`, never run. */
import { type RDD, type SparkContext, StorageLevel } from "@flint/flint";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true
  : false;
function same<A, B>(_same: Same<A, B>): void {}

export function persisting(sc: SparkContext): void {
  const numbers = sc.range(3);
  const cached = numbers.cache();
  same<typeof cached, RDD<number>>(true);
  using scoped = numbers.persist(StorageLevel.DISK_ONLY);
  same<typeof scoped, RDD<number>>(true);
  const unpersisted = numbers.unpersist();
  same<typeof unpersisted, RDD<number>>(true);
  const waited = numbers.unpersist(true);
  same<typeof waited, Promise<RDD<number>>>(true);
  const waitedToo = numbers.unpersist({ blocking: true });
  same<typeof waitedToo, Promise<RDD<number>>>(true);
  const level = numbers.getStorageLevel();
  same<typeof level, StorageLevel>(true);
  // @ts-expect-error: a level, and not its name
  numbers.persist("MEMORY_ONLY");
  // @ts-expect-error: levels do not change
  level.useDisk = true;
  // @ts-expect-error: it says nothing about what it is
  numbers.localCheckpoint().count();
}
