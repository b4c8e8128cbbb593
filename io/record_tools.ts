/** What a format may ask for that makes records of bytes in a task, or bytes of records. */
import type { ClassTable } from "../core/codec/binary.ts";
import type { Platform } from "../core/platform.ts";

export type RecordTools = Readonly<{
  platform: Pick<Platform, "crc32" | "packBlock" | "unpackBlock">;
  /** The classes that records may be instances of. */
  classes?: ClassTable | undefined;
}>;
