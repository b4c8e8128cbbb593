/** Who takes part in bench/run.ts, how each is set up and how it is started. */
import { fileURLToPath } from "node:url";
import { pythonWithPySpark } from "../tests/differential/pyspark_peer.ts";
import type { Given } from "./contest.ts";
import { succeeds, venv } from "./peers/venv.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PEERS = `${ROOT}bench/peers`;
const PYPY_SPARK = "3.5.9";
const POLARS = "2.1.0";
const DUCKDB = "2.0.0";
/** Of Spark's JVM. The default of 1 GB makes it collect garbage where there is memory enough. */
const JVM_MEMORY = "4g";

/** A process that takes part. */
export type Launch = Readonly<{
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}>;

/** A contestant that can be started. */
export type Ready = Readonly<{ version: string; launch(given: Given): Launch }>;

/** Who takes part. */
export type Contestant = Readonly<{
  /** As the table shows it. */
  title: string;
  /** The jobs that it has (bench/jobs.ts). */
  jobs: readonly string[];
  /** Installs what it needs. Throws an error that says what is missing where that cannot be done. */
  prepare(): Promise<Ready>;
}>;

const SEED_JOBS = ["first", "wordcount", "sort", "stats"];
const CLASSICS = [
  ...["agg-by-key", "agg-by-key-int", "agg-by-key-naive", "sort-by-key", "sort-by-key-int"],
  ...["count", "count-with-filter", "broadcast"],
];

export const CONTESTANTS: Readonly<Record<string, Contestant>> = {
  flint: {
    title: "Flint",
    jobs: [...SEED_JOBS, "tasks", ...CLASSICS, "sort-out-of-core"],
    async prepare() {
      const { VERSION } = await import("../core/version.ts");
      return {
        version: `Flint ${VERSION} on Deno ${Deno.version.deno}`,
        launch: ({ threads, memory }) => ({
          command: Deno.execPath(),
          args: [
            ...["run", "-A", "--quiet", `${ROOT}submit.ts`, "--master", `local[${threads}]`],
            ...["--worker-memory", memory!, "--no-progress", `${ROOT}bench/programs/contestant.ts`],
          ],
        }),
      };
    },
  },
  pyspark: {
    title: "PySpark",
    jobs: [...SEED_JOBS, "tasks", ...CLASSICS],
    prepare: async () => await pyspark(await pythonWithPySpark()),
  },
  pypy: {
    title: "PySpark on PyPy",
    jobs: [...SEED_JOBS, "tasks", ...CLASSICS],
    async prepare() {
      if (!await succeeds("pypy3", ["-m", "venv", "--help"])) {
        throw new Error("there is no pypy3 with venv: apt-get install pypy3 pypy3-venv");
      }
      const packages = [`pyspark==${PYPY_SPARK}`];
      return await pyspark(await venv("pypy3", `pypy-pyspark-${PYPY_SPARK}`, packages));
    },
  },
  scala: {
    title: "Spark in Scala",
    jobs: [...SEED_JOBS, "tasks"],
    async prepare() {
      const python = await pythonWithPySpark();
      const home = await printed(python, "import pyspark; print(*pyspark.__path__)");
      const conf = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
      };
      return {
        version: `Spark ${await printed(python, "import pyspark; print(pyspark.__version__)")}`,
        launch: ({ threads, folder }) => ({
          command: `${home}/bin/spark-shell`,
          args: [
            ...["--master", `local[${threads}]`, "--driver-memory", JVM_MEMORY],
            ...Object.entries({ ...conf, "spark.local.dir": folder })
              .flatMap(([key, value]) => ["--conf", `${key}=${value}`]),
            ...["-i", `${PEERS}/spark_jobs.scala`],
          ],
          env: { SPARK_HOME: home },
        }),
      };
    },
  },
  polars: {
    title: "Polars",
    jobs: SEED_JOBS,
    async prepare() {
      const python = await venv("python3", `polars-${POLARS}`, [`polars==${POLARS}`]);
      return {
        version: `Polars ${await printed(python, "import polars; print(polars.__version__)")}`,
        launch: ({ threads }) => ({
          command: python,
          args: [`${PEERS}/polars_jobs.py`],
          env: { POLARS_MAX_THREADS: threads! },
        }),
      };
    },
  },
  duckdb: {
    title: "DuckDB",
    jobs: SEED_JOBS,
    async prepare() {
      const python = await venv("python3", `duckdb-${DUCKDB}`, [`duckdb==${DUCKDB}`]);
      return {
        version: `DuckDB ${await printed(python, "import duckdb; print(duckdb.__version__)")}`,
        launch: () => ({ command: python, args: [`${PEERS}/duckdb_jobs.py`] }),
      };
    },
  },
  gnu: {
    title: "GNU sort",
    jobs: ["wordcount", "sort"],
    async prepare() {
      if (!await succeeds("sort", ["--parallel=2", "/dev/null"])) {
        throw new Error("there is no GNU sort");
      }
      const { stdout } = await new Deno.Command("sort", { args: ["--version"] }).output();
      return {
        version: new TextDecoder().decode(stdout).split("\n")[0]!,
        launch: () => ({
          command: Deno.execPath(),
          args: ["run", "-A", "--quiet", `${PEERS}/gnu_jobs.ts`],
        }),
      };
    },
  },
};

async function pyspark(python: string): Promise<Ready> {
  const versions = "import platform as p, pyspark; " +
    "print('PySpark', pyspark.__version__, 'on', p.python_implementation(), p.python_version())";
  return {
    version: await printed(python, versions),
    launch: () => ({
      command: python,
      args: [`${PEERS}/pyspark_jobs.py`],
      env: { BENCH_JVM_MEMORY: JVM_MEMORY },
    }),
  };
}

async function printed(python: string, program: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(python, { args: ["-c", program] })
    .output();
  if (!success) throw new Error(`${python} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}
