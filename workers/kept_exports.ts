/**
 * How an executor comes by partitions that others keep, without a byte of them going through the
 * driver:
 *
 *     reader ── wantKept ──► driver ── exportKept ──► holder      writes a file of its own folder
 *            ◄─ keptFile ──         ◄─ keptExported ─
 *     reader reads the file
 */
import type { KeptElsewhere } from "../core/task.ts";
import type { BlockCache } from "./block_cache.ts";
import type { FromExecutor, ToExecutor } from "./protocol.ts";

export class KeptExports {
  readonly #cache: BlockCache;
  readonly #report: (message: FromExecutor) => void;
  readonly #waiting = new Map<number, (file: string | undefined) => void>();
  #requests = 0;

  constructor(cache: BlockCache, report: (message: FromExecutor) => void) {
    this.#cache = cache;
    this.#report = report;
  }

  /**
   * The name of a file that has the partition; undefined where it is not to be had. `damaged`: not
   * that one, which its holder is told of.
   */
  fetch(
    { dataset, partition, executor }: KeptElsewhere,
    damaged?: string,
  ): Promise<string | undefined> {
    const request = this.#requests++;
    const found = damaged === undefined ? {} : { damaged };
    this.#report({ kind: "wantKept", request, dataset, partition, executor, ...found });
    return new Promise((resolve) => this.#waiting.set(request, resolve));
  }

  /** Another executor, or the driver for one that is gone, has answered. */
  answered({ request, file }: ToExecutor & { kind: "keptFile" }): void {
    this.#waiting.get(request)?.(file);
    this.#waiting.delete(request);
  }

  /** Another executor wants what this one keeps. */
  answer(
    { reader, request, dataset, partition, damaged }: ToExecutor & { kind: "exportKept" },
  ): void {
    if (damaged !== undefined) this.#cache.loseFile({ dataset, partition }, damaged);
    const file = this.#cache.exported({ dataset, partition });
    this.#report({
      kind: "keptExported",
      reader,
      request,
      ...(file === undefined ? {} : { file }),
    });
  }
}
