/**
 * The settings of an application, and what wins where several say something.
 *
 *     code  >  system properties  >  options of submit  >  properties file  >  defaults of the table
 */
import { canonical, optionOf } from "./options.ts";
import { EXECUTOR_ENV, type Settings, validateSetting } from "./settings.ts";
import { submittedSettings } from "./submitted.ts";
import { settingsAmongProperties } from "./system_properties.ts";
import {
  count,
  durationMs,
  factor,
  flag,
  fraction,
  invalid,
  isZero,
  memoryBytes,
} from "./values.ts";

/**
 * Settings of an application; PySpark's `SparkConf`.
 *
 * It starts with what `submit` was told; what is set in code wins. Keys and values are checked as
 * they are set: a ConfigError names the key, the value and what would be right.
 *
 * @example
 * ```ts
 * import { SparkConf } from "@flint/flint";
 * import assert from "node:assert/strict";
 *
 * const conf = new SparkConf().setMaster("local").setAppName("My app");
 * assert.equal(conf.get("spark.master"), "local");
 * assert.equal(conf.get("spark.app.name"), "My app");
 * conf.set("flint.worker.memory", "64m");
 * assert.equal(conf.get("spark.python.worker.memory"), "64m"); // the same setting by Spark's name
 * ```
 */
export class SparkConf {
  readonly #values = new Map<string, string>();

  /**
   * Starts with what `submit` was told, then sets `settings`. PySpark's `loadDefaults` is accepted in
   * their place: with `false` it starts empty.
   */
  constructor(settings: Settings | boolean = {}) {
    if (settings === false) return;
    const { conf, properties } = submittedSettings();
    this.setAll(properties).setAll(conf).setAll(settingsAmongProperties());
    if (settings !== true) this.setAll(settings);
  }

  /** Sets `key`. Throws a ConfigError where key or value are not understood. */
  set(key: string, value: string | number | boolean): this {
    validateSetting(key, String(value));
    this.#values.set(canonical(key) ?? key, String(value));
    return this;
  }

  /** Sets `key` unless it has been set. */
  setIfMissing(key: string, value: string | number | boolean): this {
    return this.contains(key) ? this : this.set(key, value);
  }

  /** Sets several keys, given as an object or as pairs. */
  setAll(settings: Settings | Iterable<readonly [string, string | number | boolean]>): this {
    const pairs = Symbol.iterator in settings
      ? settings as Iterable<readonly [string, string | number | boolean]>
      : Object.entries(settings);
    for (const [key, value] of pairs) this.set(key, value);
    return this;
  }

  /** Where the program runs: the same as setting `spark.master`. */
  setMaster(master: string): this {
    return this.set("spark.master", master);
  }

  /** What the application is called: the same as setting `spark.app.name`. */
  setAppName(name: string): this {
    return this.set("spark.app.name", name);
  }

  /** Where Spark is installed: the same as setting `spark.home`. Means nothing on a local master. */
  setSparkHome(home: string): this {
    return this.set("spark.home", home);
  }

  /**
   * Sets an environment variable of the executors, or several given as an object or as pairs. A task
   * sees it only with `flint.allow.env`.
   *
   * @example
   * ```ts
   * import { SparkConf, SparkContext } from "@flint/flint";
   * import assert from "node:assert/strict";
   *
   * const conf = new SparkConf().setMaster("local").setExecutorEnv("REGION", "eu")
   *   .set("flint.allow.env", "REGION");
   * await using sc = new SparkContext({ conf });
   * assert.equal(await sc.range(1).map(() => Deno.env.get("REGION")).first(), "eu");
   * ```
   */
  setExecutorEnv(name: string, value: string): this;
  /** The same for several. */
  setExecutorEnv(
    variables: Readonly<Record<string, string>> | Iterable<readonly [string, string]>,
  ): this;
  setExecutorEnv(
    first: string | Readonly<Record<string, string>> | Iterable<readonly [string, string]>,
    value?: string,
  ): this {
    const pairs = typeof first === "string"
      ? [[first, value!] as const]
      : Symbol.iterator in first
      ? first
      : Object.entries(first);
    for (const [name, value] of pairs) {
      if (!/^[^=\0]+$/.test(name) || typeof value !== "string") {
        throw invalid(`${EXECUTOR_ENV}${name}`, String(value), "A variable has a name and a text");
      }
      this.set(`${EXECUTOR_ENV}${name}`, value);
    }
    return this;
  }

  /** The value of `key`; else `fallback`, else the default of the key, else undefined. */
  get(key: string, fallback?: string): string | undefined {
    return this.#values.get(canonical(key) ?? key) ?? fallback ?? optionOf(key)?.default;
  }

  /**
   * A memory setting in bytes; undefined where it is not set and has no default. 0 of a setting for
   * which that means that there is no limit.
   */
  getBytes(key: string): number | undefined {
    const text = this.get(key);
    if (text === undefined) return undefined;
    return optionOf(key)?.mayBeZero === true && isZero(text) ? 0 : memoryBytes(text, key);
  }

  /** A setting that is a time, in milliseconds; undefined where it is not set and has no default. */
  getMilliseconds(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : durationMs(text, key);
  }

  /** A setting that is a whole number above 0; undefined where it is not set and has no default. */
  getCount(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : count(text, key);
  }

  /** A setting that is a share from 0 to 1; undefined where it is not set and has no default. */
  getFraction(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : fraction(text, key);
  }

  /** A setting that is a number from 1; undefined where it is not set and has no default. */
  getFactor(key: string): number | undefined {
    const text = this.get(key);
    return text === undefined ? undefined : factor(text, key);
  }

  /** A setting that is true or false; false where it is not set and has no default. */
  getBoolean(key: string): boolean {
    const text = this.get(key);
    return text !== undefined && flag(text, key);
  }

  /** The parts of a setting between its commas; undefined where it is not set and has no default. */
  getList(key: string): string[] | undefined {
    return this.get(key)?.split(",").map((part) => part.trim()).filter((part) => part !== "");
  }

  /** Whether `key` has been set; a default does not count. */
  contains(key: string): boolean {
    return this.#values.has(canonical(key) ?? key);
  }

  /** All that has been set, sorted by key. */
  getAll(): [key: string, value: string][] {
    return [...this.#values].sort(([a], [b]) => a < b ? -1 : 1);
  }

  /** `key=value`, one a line. */
  toDebugString(): string {
    return this.getAll().map(([key, value]) => `${key}=${value}`).join("\n");
  }
}

/** The environment variables that executors get, beside those of the driver. */
export function executorEnvironment(conf: SparkConf): Record<string, string> {
  return Object.fromEntries(
    conf.getAll().filter(([key]) => key.startsWith(EXECUTOR_ENV))
      .map(([key, value]) => [key.slice(EXECUTOR_ENV.length), value]),
  );
}

/** Keys that were set and mean nothing here: they are kept for a Spark cluster. */
export function keysIgnoredLocally(conf: SparkConf): string[] {
  return conf.getAll().map(([key]) => key)
    .filter((key) => canonical(key) === undefined && !key.startsWith(EXECUTOR_ENV));
}
