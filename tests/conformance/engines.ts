/** The engines that have to pass. */
import { type Settings, SparkContext } from "@flint/flint";
import type { Engine } from "./program.ts";

export const ENGINES: readonly Engine[] = [
  {
    name: "local",
    open: (settings) =>
      new SparkContext({ master: localMaster(settings), name: "conformance", conf: settings }),
    skips: {},
  },
  {
    name: "local-cluster",
    open: (settings) =>
      new SparkContext({
        master: "local-cluster[2,2,1024]",
        name: "conformance",
        conf: settings,
      }),
    skips: {},
  },
];

/** `local[2]`; there, how often a task may fail is a part of the master. */
function localMaster({ "spark.task.maxFailures": failures }: Settings): string {
  return failures === undefined ? "local[2]" : `local[2,${failures}]`;
}
