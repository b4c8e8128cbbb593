/**
 * Which datasets are persisted, and where: marked when `persist` is called, by the number of the
 * dataset, because a draft never changes. Plans are told when they are resolved.
 */
import { PlanError } from "../core/errors.ts";
import type { Draft, PlanId } from "../core/plan/plan.ts";
import { StorageLevel } from "../core/storage_level.ts";

export class PersistedDatasets {
  readonly #kept = new Map<PlanId, { level: StorageLevel; readonly draft: WeakRef<Draft> }>();
  /** Those that are kept instead of being checkpointed, and whether a job has filled them. */
  readonly #checkpoints = new WeakMap<Draft, { isFilled: boolean }>();
  /** What the program cannot reach any more need not be kept. */
  readonly #unreachable: FinalizationRegistry<PlanId>;

  /** `forget` lets go of what is kept of a dataset that has become unreachable. */
  constructor(forget: (id: PlanId) => void) {
    this.#unreachable = new FinalizationRegistry((id) => {
      if (this.#kept.delete(id)) forget(id);
    });
  }

  /** Where a dataset is to be kept; undefined where it is not persisted. */
  levelOf(id: PlanId): StorageLevel | undefined {
    return this.#kept.get(id)?.level;
  }

  /** The datasets that are persisted and have not gone yet, in the order in which they were. */
  get drafts(): Draft[] {
    return [...this.#kept.values()].flatMap(({ draft }) => draft.deref() ?? []);
  }

  /** Throws a PlanError (InvalidArgument) where it is persisted otherwise. */
  add(draft: Draft, level: StorageLevel, operator: string): void {
    const present = this.levelOf(draft.id);
    if (present !== undefined && !present.equals(level)) {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call ${operator}(): the dataset is persisted as ${present} already, not as ${level}`,
        "Call unpersist() first",
      );
    }
    if (level.isNone || present !== undefined) return;
    this.#kept.set(draft.id, { level, draft: new WeakRef(draft) });
    this.#unreachable.register(draft, draft.id, draft);
  }

  /** Keeps a dataset so that it outlives a lack of memory: on disk, beside where it is kept now. */
  checkpoint(draft: Draft): void {
    const present = this.#kept.get(draft.id);
    if (present === undefined) this.add(draft, StorageLevel.MEMORY_AND_DISK, "localCheckpoint");
    else {
      const { useMemory, useOffHeap, deserialized, replication } = present.level;
      present.level = new StorageLevel(true, useMemory, useOffHeap, deserialized, replication);
    }
    if (!this.#checkpoints.has(draft)) this.#checkpoints.set(draft, { isFilled: false });
  }

  isCheckpoint(draft: Draft): boolean {
    return this.#checkpoints.has(draft);
  }

  /** Whether a job has gone through a dataset since it was to be kept instead of checkpointed. */
  isFilledCheckpoint(draft: Draft): boolean {
    return this.#checkpoints.get(draft)?.isFilled === true;
  }

  /** A job over these datasets has ended well. */
  markFilled(drafts: Iterable<Draft>): void {
    for (const draft of drafts) {
      const checkpoint = this.#checkpoints.get(draft);
      if (checkpoint !== undefined) checkpoint.isFilled = true;
    }
  }

  /** Whether it was persisted. */
  delete(draft: Draft): boolean {
    this.#unreachable.unregister(draft);
    this.#checkpoints.delete(draft);
    return this.#kept.delete(draft.id);
  }
}
