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

  /** The name of a file that has the partition; undefined where it is not to be had. */
  fetch({ dataset, partition, executor }: KeptElsewhere): Promise<string | undefined> {
    const request = this.#requests++;
    this.#report({ kind: "wantKept", request, dataset, partition, executor });
    return new Promise((resolve) => this.#waiting.set(request, resolve));
  }

  /** Another executor, or the driver for one that is gone, has answered. */
  answered({ request, file }: ToExecutor & { kind: "keptFile" }): void {
    this.#waiting.get(request)?.(file);
    this.#waiting.delete(request);
  }

  /** Another executor wants what this one keeps. */
  answer({ reader, request, dataset, partition }: ToExecutor & { kind: "exportKept" }): void {
    const file = this.#cache.exported({ dataset, partition });
    this.#report({
      kind: "keptExported",
      reader,
      request,
      ...(file === undefined ? {} : { file }),
    });
  }
}
