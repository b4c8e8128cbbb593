/**
 * What Flint provides to user code by reference: values that a closure names instead of carrying.
 *
 * The driver captures them by identity (is this function one of these?), and a worker finds its own
 * copy under the same name. So `instanceof` and module state mean the same on both sides.
 */
import * as accumulation from "../core/accumulation.ts";
import * as errors from "../core/errors.ts";
import * as fresh from "../core/fresh.ts";
import * as hyperloglog from "../core/hyperloglog.ts";
import * as keyEquality from "../core/key_equality.ts";
import * as keyOrder from "../core/key_order.ts";
import * as key from "../core/key.ts";
import * as least from "../core/least.ts";
import * as number from "../core/number.ts";
import * as pair from "../core/pair.ts";
import * as sampling from "../core/sampling.ts";
import * as settled from "../core/settled.ts";
import * as statistics from "../core/statistics.ts";
import { SparkFiles } from "./spark_files.ts";
import { BarrierTaskContext, BarrierTaskInfo } from "./barrier_task_context.ts";
import { TaskContext } from "./task_context.ts";

/** Module name → export name → value. The names travel in closures: they never change. */
export const provided: Readonly<Record<string, Record<string, unknown>>> = {
  "flint:accumulation": { ...accumulation },
  "flint:errors": { ...errors },
  "flint:files": { SparkFiles },
  "flint:fresh": { ...fresh },
  "flint:hyperloglog": { ...hyperloglog },
  "flint:key": { ...key, ...keyEquality, ...keyOrder },
  "flint:least": { ...least },
  "flint:number": { ...number },
  "flint:pair": { ...pair },
  "flint:sampling": { ...sampling },
  "flint:settled": { ...settled },
  "flint:statistics": { ...statistics },
  "flint:task": { BarrierTaskContext, BarrierTaskInfo, TaskContext },
};
