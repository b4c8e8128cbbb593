/**
 * A broadcast on disk: written once by the driver, read by every worker that asks for it.
 *
 *     broadcast-3:   u32 CRC-32 of the bytes │ bytes
 */
import { PlanError, RecordError } from "../core/errors.ts";
import { FileError, type Platform, type ReadableFile } from "../core/platform.ts";
import type { BroadcastId } from "../core/engine.ts";
import { namingFullDisks } from "../shuffle/full_disk.ts";

const CRC_BYTES = 4;

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
  const header = new Uint8Array(CRC_BYTES);
  new DataView(header.buffer).setUint32(0, platform.crc32(bytes), true);
  try {
    using file = namingFullDisks(platform).files.create(`${path}.new`, { replace: true });
    file.append(header);
    file.append(bytes);
  } catch (error) {
    remove(platform, `${path}.new`);
    throw error;
  }
  platform.files.rename(`${path}.new`, path);
}

/**
 * Throws a PlanError NotAvailable where there is none any more, a RecordError CorruptBlock where it
 * is damaged.
 */
export function readBroadcast(platform: Platform, folder: string, id: BroadcastId): Uint8Array {
  const path = pathOf(folder, id);
  using file = open(platform, path, id);
  const whole = new Uint8Array(file.bytes);
  const count = file.readAt(0, whole);
  const bytes = whole.subarray(CRC_BYTES);
  const isWhole = count === whole.length && count >= CRC_BYTES &&
    new DataView(whole.buffer).getUint32(0, true) === platform.crc32(bytes);
  if (!isWhole) {
    throw new RecordError("CorruptBlock", `the broadcast in ${path} is damaged`);
  }
  return bytes;
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
