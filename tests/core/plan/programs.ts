/** Small programs to test plans with: nodes by hand, labelled as operators label them. */
import type { Closure } from "../../../core/closure/closure.ts";
import type { Exchange } from "../../../core/plan/exchange.ts";
import type { NarrowOp } from "../../../core/plan/ops.ts";
import type { CapturedDraft, Plan } from "../../../core/plan/plan.ts";
import { StorageLevel } from "../../../core/storage_level.ts";

export function closure(name: string): Closure {
  return { nodes: [], root: 0, place: "job.ts:1:1", name };
}

/** A source of a plan with so many splits. */
export function source(id: number, splits: number): Plan {
  const data = Array.from({ length: splits }, (_, index) => ({ data: `split ${index}` }));
  const spec = { format: "text", options: { path: `${id}.txt` }, splits: data };
  return { id, label: `textFile at job.ts:${id}`, kind: "source", source: spec };
}

/** A source of a draft. */
export function request(id: number, partitionsMin?: number): CapturedDraft {
  const asked = { format: "text", options: { path: `${id}.txt` }, partitionsMin };
  return { id, label: `textFile at job.ts:${id}`, kind: "source", source: asked };
}

export function narrow<P extends Plan | CapturedDraft>(
  id: number,
  from: P,
  op: Partial<NarrowOp<Closure>> = {},
): P {
  const whole = { kind: "map", fn: closure(`f${id}`), ...op };
  return { id, label: `${whole.kind} at job.ts:${id}`, kind: "narrow", from, op: whole } as P;
}

export function hash<N>(partitions: N): Exchange<Closure, N> {
  return { kind: "partition", partitioner: { kind: "hash", partitions } };
}

export function exchange<P extends Plan | CapturedDraft>(
  id: number,
  from: P,
  how: Exchange<Closure, P extends Plan ? number : number | undefined>,
): P {
  return {
    id,
    label: `${how.kind} at job.ts:${id}`,
    kind: "exchange",
    from,
    exchange: how,
  } as unknown as P;
}

export function union<P extends Plan | CapturedDraft>(id: number, ...from: P[]): P {
  return { id, label: `union at job.ts:${id}`, kind: "union", from } as unknown as P;
}

/** A union as resolving makes it of sides that are partitioned alike. */
export function aligned(id: number, ...from: Plan[]): Plan {
  return { ...union(id, ...from), aligned: true } as Plan;
}

/** An exchange as resolving makes it where nothing has to move. */
export function inPlace(id: number, from: Plan, how: Exchange<Closure>): Plan {
  return { ...exchange(id, from, how), inPlace: true } as Plan;
}

/** The same dataset, persisted. */
export function persisted(plan: Plan, level: StorageLevel = StorageLevel.MEMORY_AND_DISK): Plan {
  return { ...plan, level };
}

export function zip<P extends Plan | CapturedDraft>(id: number, ...from: P[]): P {
  const fn = closure(`f${id}`);
  return { id, label: `zip at job.ts:${id}`, kind: "zip", from, fn } as unknown as P;
}

export function cross<P extends Plan | CapturedDraft>(id: number, left: P, right: P): P {
  return { id, label: `cartesian at job.ts:${id}`, kind: "cross", left, right } as unknown as P;
}

export function coalesce<P extends Plan | CapturedDraft>(
  id: number,
  from: P,
  partitions: number,
): P {
  return { id, label: `coalesce at job.ts:${id}`, kind: "coalesce", from, partitions } as P;
}
