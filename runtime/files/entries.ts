/**
 * What is in an archive, entry by entry. The libraries that know the formats are loaded when the first
 * archive is added.
 */
import { InputError } from "../../core/errors.ts";
import type { Compression } from "../../core/platform.ts";
import { localFileSystem } from "../../io/local_files.ts";
import { denoPlatform } from "../../workers/platform_deno.ts";

/** An entry. Its bytes are read, or left, before the next one is asked for. */
export type ArchiveEntry = Readonly<{
  /** As the archive has it. */
  name: string;
  /** `other`: a link, a device, a pipe. */
  kind: "file" | "folder" | "other";
  isProgram: boolean;
  bytes(): AsyncIterable<Uint8Array>;
}>;

const files = localFileSystem(denoPlatform);

/** The kinds of archives, by what their names end with. */
const FORMATS: readonly (readonly [RegExp, (path: string) => AsyncIterable<ArchiveEntry>])[] = [
  [/\.(zip|jar)$/i, zipEntries],
  [/\.tar$/i, (path) => tarEntries(path)],
  [/\.(tar\.gz|tgz)$/i, (path) => tarEntries(path, "gzip")],
  [/\.tar\.zst$/i, (path) => tarEntries(path, "zstd")],
];

/** The entries of an archive. Throws an InputError (InputUnsupported) for other files. */
export function entriesOf(path: string): AsyncIterable<ArchiveEntry> {
  const format = FORMATS.find(([ending]) => ending.test(path));
  if (format !== undefined) return format[1](path);
  throw new InputError(
    "InputUnsupported",
    `Cannot unpack ${JSON.stringify(path)}: its name is not that of an archive`,
    "Use a .zip, .jar, .tar, .tar.gz, .tgz or .tar.zst, or add it with addFile()",
  );
}

/** As much of yauzl as is used: it has no types of its own. */
type Zip = Readonly<{
  eachEntry(): AsyncIterable<ZipEntry>;
  openReadStreamPromise(entry: ZipEntry): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}>;
type ZipEntry = Readonly<{
  fileNameRaw: Uint8Array;
  extraFields: unknown;
  generalPurposeBitFlag: number;
  compressionMethod: number;
  crc32: number;
  externalFileAttributes: number;
}>;

const STORED = 0;
const DEFLATED = 8;

async function* zipEntries(path: string): AsyncGenerator<ArchiveEntry> {
  const { default: yauzl } = await import("yauzl");
  // Names are checked for all formats alike, and not by the library.
  const zip: Zip = await yauzl.openPromise(path, { decodeStrings: false, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      const { generalPurposeBitFlag: flags, extraFields, fileNameRaw } = entry;
      const name: string = yauzl.getFileNameLowLevel(flags, fileNameRaw, extraFields, false);
      const mode = entry.externalFileAttributes >>> 16;
      yield {
        name,
        kind: kindOf(name, mode),
        isProgram: (mode & 0o111) !== 0,
        bytes: () => zipBytes(zip, entry, name),
      };
    }
  } finally {
    zip.close();
  }
}

/** Archives that were made where there are no modes have 0 there. */
function kindOf(name: string, mode: number): ArchiveEntry["kind"] {
  if (name.endsWith("/")) return "folder";
  const type = mode & 0o170000;
  return type === 0 || type === 0o100000 ? "file" : "other";
}

async function* zipBytes(zip: Zip, entry: ZipEntry, name: string): AsyncIterable<Uint8Array> {
  const isEncrypted = (entry.generalPurposeBitFlag & 1) !== 0;
  if (isEncrypted || ![STORED, DEFLATED].includes(entry.compressionMethod)) {
    throw new InputError(
      "InputUnsupported",
      `Cannot unpack the entry ${JSON.stringify(name)}: it is ${
        isEncrypted ? "encrypted" : `packed by method ${entry.compressionMethod}`
      }`,
      "Make the archive anew, without a password and with deflate",
    );
  }
  let checksum = 0;
  for await (const piece of await zip.openReadStreamPromise(entry)) {
    checksum = denoPlatform.crc32(piece, checksum);
    yield piece;
  }
  if (checksum !== entry.crc32) throw new Error(`the checksum of ${JSON.stringify(name)} is wrong`);
}

async function* tarEntries(
  path: string,
  compression?: Compression,
): AsyncGenerator<ArchiveEntry> {
  const { createTarDecoder } = await import("modern-tar");
  const pieces = compression === undefined
    ? files.read(path, 0, Infinity)
    : files.readPacked(path, compression);
  const decoded = ReadableStream.from(copied(pieces)).pipeThrough(
    createTarDecoder({ strict: true }) as TransformStream<Uint8Array, TarEntry>,
  );
  for await (const { header, body } of decoded) {
    const isFolder = header.type === "directory";
    let isRead = false;
    yield {
      name: header.name,
      kind: isFolder ? "folder" : header.type === "file" ? "file" : "other",
      isProgram: ((header.mode ?? 0) & 0o111) !== 0,
      bytes() {
        isRead = true;
        return body;
      },
    };
    // What is not read holds up what follows.
    if (!isRead) await body.cancel();
  }
}

type TarEntry = Readonly<{
  header: Readonly<{ name: string; type?: string; mode?: number }>;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}>;

/** Pieces that stay as they are when the next one is asked for: streams read ahead. */
async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}
