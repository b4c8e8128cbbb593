/**
 * What goes along with jobs without being part of them: group, description, tags, pool, and whatever
 * else somebody wants to read in a task. All of it is text by name, under the names that Spark uses.
 *
 *     sc.setLocalProperty(…) ─► scope ── a copy, in the call of an action ─► job ─► stages ─► tasks
 *                                 ▲                                           └─► events
 *     sc.withJobGroup(…, fn) ─────┘ a scope of its own, which follows fn through all that it awaits
 *
 * PySpark ties properties to threads. Here scopes take their place: an AsyncLocalStorage tells calls
 * apart that run at the same time. It is loaded by the first that asks for a scope of its own.
 */
import { PlanError, shown } from "../core/errors.ts";
import { text } from "./arguments.ts";

/** The properties of a job: text by name. */
export type JobProperties = Readonly<Record<string, string>>;

/** How the jobs of a group are run and shown. */
export type JobGroupOptions = Readonly<{
  /** What they are for; none by default. */
  description?: string | undefined;
  /** Kept for Spark: here a cancelled task always ends, if need be with its executor. */
  interruptOnCancel?: boolean | undefined;
  /** Tags beside those that are there already; neither empty nor with a comma. */
  tags?: readonly string[] | undefined;
  /** The pool that they share executors in, under `spark.scheduler.mode=FAIR`; that of outside. */
  pool?: string | undefined;
}>;

const GROUP = "spark.jobGroup.id";
const DESCRIPTION = "spark.job.description";
const INTERRUPT = "spark.job.interruptOnCancel";
const TAGS = "spark.job.tags";
const POOL = "spark.scheduler.pool";
/** Where jobs are that name no pool. */
const DEFAULT_POOL = "default";

/** The group of a job, if it has one. */
export function groupOf(properties: JobProperties): string | undefined {
  return properties[GROUP];
}

/** The tags of a job. */
export function tagsOf(properties: JobProperties): string[] {
  return split(properties[TAGS]);
}

/** The pool of a job. */
export function poolOf(properties: JobProperties): string {
  return properties[POOL] ?? DEFAULT_POOL;
}

/** A scope: the properties that actions called in it take along. */
type Scope = Map<string, string>;

type Storage = Readonly<{
  getStore(): Scope | undefined;
  run<R>(scope: Scope, fn: () => R): R;
}>;

/** The properties of a context, scope by scope. Methods read and change the innermost scope. */
export class PropertyScopes {
  readonly #outermost: Scope = new Map();
  #storage: Storage | undefined;

  /** A copy, for a job. */
  get all(): JobProperties {
    return Object.freeze(Object.fromEntries(this.#scope));
  }

  get(key: string): string | undefined {
    return this.#scope.get(key);
  }

  /** Undefined and null take the property away. */
  set(key: string, value: string | null | undefined): void {
    if (value === undefined || value === null) this.#scope.delete(key);
    else this.#scope.set(key, value);
  }

  get tags(): Set<string> {
    return new Set(split(this.get(TAGS)));
  }

  setTags(tags: Iterable<string>): void {
    this.set(TAGS, [...new Set(tags)].join() || undefined);
  }

  setDescription(description: string | undefined): void {
    this.set(DESCRIPTION, description);
  }

  setInterruptOnCancel(interrupt: boolean | undefined): void {
    this.set(INTERRUPT, interrupt === undefined ? undefined : String(interrupt));
  }

  setPool(pool: string): void {
    this.set(POOL, pool);
  }

  /** Sets what belongs to a group, all together; without an id, takes it away. */
  setGroup(id: string | undefined, description?: string, interrupt?: boolean): void {
    this.set(GROUP, id);
    this.setDescription(description);
    this.setInterruptOnCancel(interrupt);
  }

  /** Runs `fn` in a scope that starts as a copy of this one. */
  inside<R>(change: () => void, fn: () => R): R {
    this.#storage ??= newStorage();
    return this.#storage.run(new Map(this.#scope), () => {
      change();
      return fn();
    });
  }

  get #scope(): Scope {
    return this.#storage?.getStore() ?? this.#outermost;
  }
}

/** A tag as it may be. Throws a PlanError (InvalidArgument). */
export function tagOf(tag: unknown, operator: string): string {
  const checked = text(tag, operator, "tag");
  if (checked !== "" && !checked.includes(",")) return checked;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): tag is ${shown(tag)}`,
    "A tag is not empty and has no comma",
  );
}

function split(tags: string | undefined): string[] {
  return tags === undefined ? [] : tags.split(",");
}

/** Loaded late: the module takes longer than all else that a context does when it starts. */
function newStorage(): Storage {
  const { AsyncLocalStorage } = process.getBuiltinModule("node:async_hooks");
  return new AsyncLocalStorage<Scope>();
}
