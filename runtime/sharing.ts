/** How jobs share the executors, as the settings say. */
import type { SparkConf } from "./config/spark_conf.ts";
import { weights } from "./config/values.ts";
import type { Sharing } from "./local/pools.ts";

const WEIGHTS = "flint.scheduler.pools";

export function sharingOf(conf: SparkConf): Sharing {
  const mode = conf.get("spark.scheduler.mode")!.trim().toUpperCase();
  return mode === "FAIR"
    ? { mode, weights: weights(conf.get(WEIGHTS)!, WEIGHTS) }
    : { mode: "FIFO" };
}
