/** An application that lives while others die beside it, to see that nobody touches it. */
import { readdirSync } from "node:fs";
import { SparkContext } from "../../mod.ts";

/** An application that lives through it all, in this process. */
export class Living {
  readonly #temp: string;
  readonly #sc: SparkContext;
  readonly #folder: string;
  #files: string[] = [];
  #lost = 0;
  #again = 0;
  readonly #counts;

  constructor(temp: string) {
    this.#temp = temp;
    this.#sc = contextIn(temp);
    [this.#folder] = readdirSync(temp) as [string];
    this.#sc.events.subscribe((event) => {
      if (event.type === "executor.lost") this.#lost++;
      if (event.type === "stage.started" && event.name.startsWith("reduceByKey")) this.#again++;
    });
    this.#counts = this.#sc.range(9_000, { partitions: 4 }).map((n) => [n % 90, n])
      .reduceByKey((a, b) => a + b);
  }

  async begin(): Promise<void> {
    await this.#sum();
    this.#files = this.#tree().filter((file) => /exchange-|owner$/.test(file));
  }

  /** The folders in the same place that are not its own. */
  others(): string[] {
    return readdirSync(this.#temp).filter((name) => name !== this.#folder);
  }

  /** Ends it; whether it had all its files to the end, and no work to do again. */
  async end(): Promise<boolean> {
    const kept = this.#files.length > 0 && this.#files.every((file) => this.#tree().includes(file));
    const right = await this.#sum() === 8_999 * 4_500;
    await this.#sc.stop();
    return kept && right && this.#lost === 0 && this.#again === 1;
  }

  #sum(): Promise<number> {
    return this.#counts.values().sum();
  }

  /** All its files, also those that come and go. */
  #tree(folder = `${this.#temp}/${this.#folder}`): string[] {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? this.#tree(`${folder}/${name}`) : [`${folder}/${name}`]
    );
  }
}

/** A context that keeps its folders in `temp`. */
export function contextIn(temp: string): SparkContext {
  const conf = { "spark.local.dir": temp, "flint.progress": false };
  return new SparkContext({ master: "local[2]", conf });
}
