/**
 * Names of PySpark that only the JVM, SQL or Python can serve. They are there, so that whoever looks
 * for them is told what does their work here.
 */
import { PlanError } from "../core/errors.ts";

const HADOOP_FORMATS = "it writes through Java classes of Hadoop, and there is no JVM";
const HADOOP_INPUT = "it reads through Java classes of Hadoop, and there is no JVM";
const WRITE = "Use saveAsTextFile() with a line a record, such as map(JSON.stringify) before it";
const READ = "Use textFile(), wholeTextFiles(), binaryFiles() or binaryRecords()";
const PROFILES = "it shows profiles of Python's";
const MEASURE = "Run submit with --verbose for the figures of each stage, or add a listener with " +
  "onTaskEnd() for those of each task";

/** Why, and what instead. */
const REASONS = {
  saveAsHadoopDataset: [HADOOP_FORMATS, WRITE],
  saveAsHadoopFile: [HADOOP_FORMATS, WRITE],
  saveAsNewAPIHadoopDataset: [HADOOP_FORMATS, WRITE],
  saveAsNewAPIHadoopFile: [HADOOP_FORMATS, WRITE],
  saveAsSequenceFile: [HADOOP_FORMATS, WRITE],
  toDF: ["there is no SQL", "Stay with the RDD, or save it as JSON lines for a tool that has SQL"],
  withResources: [
    "executors of a local master are all alike",
    "Give all of them what the stage needs: --worker-memory, --executor-memory, --master",
  ],
  sequenceFile: [HADOOP_INPUT, READ],
  hadoopFile: [HADOOP_INPUT, READ],
  hadoopRDD: [HADOOP_INPUT, READ],
  newAPIHadoopFile: [HADOOP_INPUT, READ],
  newAPIHadoopRDD: [HADOOP_INPUT, READ],
  showProfiles: [PROFILES, MEASURE],
  dumpProfiles: [PROFILES, MEASURE],
} as const satisfies Record<string, readonly [why: string, instead: string]>;

/** The PlanError (NotAvailable) of calling such a name. */
export function notAvailable(name: keyof typeof REASONS): PlanError {
  const [why, instead] = REASONS[name];
  return new PlanError("NotAvailable", `Cannot call ${name}(): ${why}`, instead);
}
