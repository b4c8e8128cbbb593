/**
 * How a file begins that one process of an application writes and another one reads: it says what it
 * is called, and in which application.
 *
 *     u32 CRC32 of what follows, u32 magic and version, u32 name bytes | name
 *
 *     name     flint-4711-6f3a09c2d41b7e85/executor-0-0-disk-0/exchange-2-map-0-1.data
 *              application                 who wrote it        exchange, map partition, attempt
 *
 * The name is the end of its path, so whoever opens a file knows every byte that it must begin with: a
 * file of another application, another map partition or another attempt is told from the right one
 * wherever it was put. The checksums of what follows go on from that of the header (`seed`), so a
 * part of another file is not taken either.
 */
import type { Platform, ReadableFile } from "../core/platform.ts";

const NAME_AT = 12;
/** The application's folder, the executor's folder in it, and the file. */
const NAME_PARTS = 3;
/** "FLN1": the version is that of all that follows. */
const MAGIC = 0x314e4c46;

/** What a file has to begin with, and what the checksums behind it go on from. */
export type FileHeader = Readonly<{ bytes: Uint8Array; seed: number }>;

/** The header of the file that lies, or is going to lie, at `path`. */
export function headerFor(platform: Platform, path: string): FileHeader {
  const name = new TextEncoder().encode(path.split("/").slice(-NAME_PARTS).join("/"));
  const bytes = new Uint8Array(NAME_AT + name.length);
  bytes.set(name, NAME_AT);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, MAGIC, true);
  view.setUint32(8, name.length, true);
  const seed = platform.crc32(bytes.subarray(4));
  view.setUint32(0, seed, true);
  return { bytes, seed };
}

/** What is wrong with the first bytes of a file; undefined if it begins with `header`. */
export function headerFault(
  platform: Platform,
  file: ReadableFile,
  { bytes: expected }: FileHeader,
): string | undefined {
  if (file.bytes < expected.length) return `only ${file.bytes} bytes are left of the file`;
  const found = new Uint8Array(expected.length);
  file.readAt(0, found);
  if (found.every((byte, at) => byte === expected[at])) return undefined;
  return `it does not begin as it has to${nameIn(platform, file, found)}`;
}

/** What else the file says to be, if its header is whole. */
function nameIn(platform: Platform, file: ReadableFile, start: Uint8Array): string {
  const view = new DataView(start.buffer);
  const nameBytes = view.getUint32(8, true);
  if (view.getUint32(4, true) !== MAGIC || NAME_AT + nameBytes > file.bytes) return "";
  // A path is never as long as that, and a damaged length is not to be believed.
  const bytes = new Uint8Array(NAME_AT + Math.min(nameBytes, 4096));
  file.readAt(0, bytes);
  if (platform.crc32(bytes.subarray(4)) !== view.getUint32(0, true)) return "";
  return `: it is ${new TextDecoder().decode(bytes.subarray(NAME_AT))}`;
}
