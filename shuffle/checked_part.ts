/**
 * A part of a file that its writer reads again, in pieces, each byte checked.
 *
 *     part        page of 64 KB | page | ... | the rest
 *     checksums   one a page, in memory: nothing else can tell whether the disk gives what it took
 */
import type { Platform } from "../core/platform.ts";
import { damaged, readingWritten } from "./damage.ts";

/** What one checksum is for: reading a byte reads its page. */
export const PAGE_BYTES = 64 * 1024;

/** Where a part lies, and the CRC-32 of each of its pages. */
export type CheckedPart = Readonly<{
  path: string;
  offset: number;
  bytes: number;
  checksums: readonly number[];
}>;

/** Makes the checksums of bytes that are written one behind the other. */
export class PageChecksums {
  readonly #platform: Platform;
  readonly #done: number[] = [];
  #bytesInPage = 0;
  #crc = 0;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** The next bytes. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + PAGE_BYTES - this.#bytesInPage);
      this.#crc = this.#platform.crc32(bytes.subarray(at, end), this.#crc);
      this.#bytesInPage += end - at;
      at = end;
      if (this.#bytesInPage === PAGE_BYTES) this.#endPage();
    }
  }

  /** Those of all bytes; the next ones begin a new part. */
  finish(): readonly number[] {
    if (this.#bytesInPage > 0) this.#endPage();
    return this.#done.splice(0);
  }

  #endPage(): void {
    this.#done.push(this.#crc);
    this.#crc = 0;
    this.#bytesInPage = 0;
  }
}

/**
 * The bytes of a part from `from` up to `to`. Throws a RecordError CorruptBlock where they, or others
 * of their pages, are not what was written, and a FileError where there is no file any more.
 */
export function readPart(
  platform: Platform,
  part: CheckedPart,
  from: number,
  to: number,
): Uint8Array<ArrayBuffer> {
  const start = Math.floor(from / PAGE_BYTES) * PAGE_BYTES;
  const end = Math.min(part.bytes, Math.ceil(to / PAGE_BYTES) * PAGE_BYTES);
  const bytes = new Uint8Array(end - start);
  using file = platform.files.open(part.path);
  readingWritten(part.path, part.offset + start, () => file.readAt(part.offset + start, bytes));
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    const crc = platform.crc32(bytes.subarray(at, at + PAGE_BYTES));
    if (crc !== part.checksums[(start + at) / PAGE_BYTES]) {
      throw damaged(part.path, part.offset + start + at, "a page is not what was written");
    }
  }
  return bytes.subarray(from - start, to - start);
}
