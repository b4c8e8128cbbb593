/**
 * A broadcast on disk: written once by the driver, read by every worker that asks for it.
 *
 *     broadcast-3:   header │ f64 length, u32 CRC-32 │ bytes
 *     header         whose file it is (shuffle/file_header.ts)
 *     CRC-32         that of header, length and bytes
 */
import { PlanError, RecordError } from "../core/errors.ts";
import { FileError, type Platform, type ReadableFile } from "../core/platform.ts";
import type { BroadcastId } from "../core/engine.ts";
import { readingWritten } from "../shuffle/damage.ts";
import { type FileHeader, headerFault, headerFor } from "../shuffle/file_header.ts";
import { namingFullDisks } from "../shuffle/full_disk.ts";

const LENGTH_BYTES = 12;

function pathOf(folder: string, id: BroadcastId): string {
  return `${folder}/broadcast-${id}`;
}

/** The file appears whole or not at all. Throws an OutputError DiskFull, or a FileError. */
export function writeBroadcast(
  platform: Platform,
  folder: string,
  id: BroadcastId,
  bytes: Uint8Array,
): void {
  const path = pathOf(folder, id);
  const header = headerFor(platform, path);
  try {
    using file = namingFullDisks(platform).files.create(`${path}.new`, { replace: true });
    file.append(header.bytes);
    file.append(lengthOf(platform, header, bytes));
    file.append(bytes);
  } catch (error) {
    remove(platform, `${path}.new`);
    throw error;
  }
  platform.files.rename(`${path}.new`, path);
}

/**
 * Throws a PlanError NotAvailable where there is none any more, a RecordError CorruptBlock where it
 * is damaged, or another one.
 */
export function readBroadcast(platform: Platform, folder: string, id: BroadcastId): Uint8Array {
  const path = pathOf(folder, id);
  using file = open(platform, path, id);
  const header = headerFor(platform, path);
  const fault = headerFault(platform, file, header);
  if (fault !== undefined) throw damaged(id, path, fault);
  const lengthAt = header.bytes.length;
  const start = lengthAt + LENGTH_BYTES;
  if (file.bytes < start) throw damaged(id, path, "it is cut short");
  const found = new Uint8Array(LENGTH_BYTES);
  readingWritten(path, lengthAt, () => file.readAt(lengthAt, found));
  const view = new DataView(found.buffer);
  const length = view.getFloat64(0, true);
  if (file.bytes !== start + length) {
    throw damaged(id, path, `there are ${file.bytes} bytes instead of ${start + length}`);
  }
  const bytes = new Uint8Array(length);
  readingWritten(path, start, () => file.readAt(start, bytes));
  if (view.getUint32(8, true) !== checksumOf(platform, header, found, bytes)) {
    throw damaged(id, path, "its checksum is wrong");
  }
  return bytes;
}

/** What stands between the header and the bytes. */
function lengthOf(platform: Platform, header: FileHeader, bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  const view = new DataView(length.buffer);
  view.setFloat64(0, bytes.length, true);
  view.setUint32(8, checksumOf(platform, header, length, bytes), true);
  return length;
}

function checksumOf(
  platform: Platform,
  header: FileHeader,
  length: Uint8Array,
  bytes: Uint8Array,
): number {
  return platform.crc32(bytes, platform.crc32(length.subarray(0, 8), header.seed));
}

function damaged(id: BroadcastId, path: string, detail: string): RecordError {
  return new RecordError(
    "CorruptBlock",
    `Cannot read broadcast ${id}: ${detail} (${path})`,
    "The file was changed, or the disk is failing; make the broadcast again",
  );
}

function open(platform: Platform, path: string, id: BroadcastId): ReadableFile {
  try {
    return platform.files.open(path);
  } catch (error) {
    if (!(error instanceof FileError && error.kind === "notFound")) throw error;
    throw new PlanError(
      "NotAvailable",
      `Cannot use broadcast ${id} in a task: it has been destroyed`,
      "Destroy it after the last job that uses it",
    );
  }
}

/** Does nothing where there is none. */
export function removeBroadcast(platform: Platform, folder: string, id: BroadcastId): void {
  remove(platform, pathOf(folder, id));
}

function remove(platform: Platform, path: string): void {
  try {
    platform.files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError && error.kind === "notFound")) throw error;
  }
}
