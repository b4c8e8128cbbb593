/**
 * Where the output of an exchange lies: one file a map partition, some of them perhaps missing.
 *
 *     version   1    2    3    4         each output that comes is a new version
 *     outputs  [ a ][ b ][ c ]           complete at version 3: readers start, knowing a, b, c
 *     lost          [   ]                a reader could not read b
 *     again    [ a ][ b'][ c ]           complete at version 4: b' is not what an older reader lost
 */
import type { RecordError } from "../../core/errors.ts";
import { KeyTypes } from "../../core/key_order.ts";
import { boundsOf } from "../../core/plan/bounds.ts";
import { type Exchange, partitionsOf } from "../../core/plan/exchange.ts";
import type { PartitionId } from "../../core/plan/plan.ts";
import type { ExchangeId, ExchangeLocation, MapOutput } from "../../core/task.ts";

/** An output, and the version that it came with. */
type Kept = Readonly<{ output: MapOutput; version: number }>;

/** The outputs of the map side of one exchange. */
export class ExchangeOutputs {
  readonly id: ExchangeId;
  readonly #exchange: Exchange<unknown>;
  readonly #kept: (Kept | undefined)[];
  #present = 0;
  #version = 0;
  #bounds: readonly Uint8Array[] | undefined;
  #location: ExchangeLocation | undefined;

  /** `bounds`: those that its readers had before all of it was let go. */
  constructor(
    id: ExchangeId,
    exchange: Exchange<unknown>,
    mapPartitions: number,
    bounds?: readonly Uint8Array[],
  ) {
    this.id = id;
    this.#exchange = exchange;
    this.#bounds = bounds;
    this.#kept = new Array<Kept | undefined>(mapPartitions).fill(undefined);
  }

  get mapPartitions(): number {
    return this.#kept.length;
  }

  get isComplete(): boolean {
    return this.#present === this.#kept.length;
  }

  get isEmpty(): boolean {
    return this.#present === 0;
  }

  /** Grows with every output that comes; the same version means the same files. */
  get version(): number {
    return this.#version;
  }

  /** The bytes of all outputs that are there. */
  get bytes(): number {
    return this.#kept.reduce((sum, kept) => sum + (kept?.output.bytes ?? 0), 0);
  }

  get files(): readonly string[] {
    return this.#kept.flatMap((kept) => kept === undefined ? [] : [kept.output.file]);
  }

  /** Where the partitions of a range partitioner begin, once a reader has been told. */
  get bounds(): readonly Uint8Array[] | undefined {
    return this.#bounds;
  }

  /** The map partitions that have to run, ascending. */
  get missing(): readonly PartitionId[] {
    return this.#kept.flatMap((kept, partition) => kept === undefined ? [partition] : []);
  }

  /** Keeps the output of a missing partition. */
  add(partition: PartitionId, output: MapOutput): void {
    this.#kept[partition] = { output, version: ++this.#version };
    this.#present++;
  }

  /**
   * Drops what a reader that knew version `seen` could not read, and returns it. Undefined if that
   * is gone already, or has been made anew since.
   */
  lose(partition: PartitionId, seen: number): MapOutput | undefined {
    const kept = this.#kept[partition];
    if (kept === undefined || kept.version > seen) return undefined;
    this.#kept[partition] = undefined;
    this.#present--;
    this.#location = undefined;
    return kept.output;
  }

  /**
   * What a reader has to know. Call it only while the outputs are complete: bounds are found at the
   * first call and stay, because what the readers before have read was parted by them.
   */
  location(): ExchangeLocation {
    this.#location ??= {
      id: this.id,
      outputs: this.#kept.map((kept) => kept!.output),
      ...this.#boundsFound(),
    };
    return this.#location;
  }

  /**
   * Why complete outputs cannot be read in the order of their keys: a RecordError `KeyTypeMismatch`.
   * Each map task has looked at its own keys; only here those of all of them come together.
   */
  keyTypeMismatch(): RecordError | undefined {
    if (this.#exchange.kind !== "sort") return undefined;
    const types = new KeyTypes();
    for (const kept of this.#kept) types.merge(kept?.output.keyTypes ?? []);
    return types.mismatch();
  }

  #boundsFound(): { bounds?: readonly Uint8Array[] } {
    const exchange = this.#exchange;
    if (exchange.kind === "rebalance" || exchange.partitioner.kind !== "range") return {};
    this.#bounds ??= boundsOf(this.#kept.map((kept) => kept!.output), partitionsOf(exchange));
    return { bounds: this.#bounds };
  }
}
