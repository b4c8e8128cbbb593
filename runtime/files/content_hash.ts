/** Tells whether two files, folders or archives hold the same. */
import { createHash } from "node:crypto";

export class ContentHash {
  readonly #hash = createHash("sha256");
  readonly #encoder = new TextEncoder();

  /** A part: a text stands for itself, bytes go on with those before them. */
  add(part: string | Uint8Array): void {
    const bytes = typeof part === "string" ? this.#encoder.encode(`\0${part}\0`) : part;
    this.#hash.update(bytes);
  }

  text(): string {
    return this.#hash.digest("hex");
  }
}
