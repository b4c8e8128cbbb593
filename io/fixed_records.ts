/** Files of records that all have the same length and nothing between them. */
import { InputError } from "../core/errors.ts";
import type { Split } from "../core/plan/plan.ts";
import {
  type ByteRange,
  byteRanges,
  type InputFile,
  inputFiles,
  type InputPaths,
  readRange,
} from "./input_files.ts";
import type { Source } from "./source.ts";

/** Options of the source `fixedRecords`. */
export type FixedRecordsOptions = Readonly<{ path: InputPaths; recordBytes: number }>;

const BATCH_RECORDS_MAX = 1024;
const BATCH_BYTES = 1024 * 1024;

/** A Uint8Array of `recordBytes` bytes a record. Splits begin where records begin. */
export const fixedRecordsSource: Source = {
  format: "fixedRecords",

  async split(options, { partitionsMin }, files): Promise<readonly Split[]> {
    const { path, recordBytes } = options as FixedRecordsOptions;
    const found = await inputFiles(path, files);
    for (const file of found) refuseRemainder(file, recordBytes);
    return byteRanges(found, { partitionsMin, unitBytes: recordBytes });
  },

  read(_options, split, files) {
    return readRange(split.data as ByteRange, files);
  },

  *decode(options, _split, pieces) {
    const { recordBytes } = options as FixedRecordsOptions;
    const recordsMax = Math.min(BATCH_RECORDS_MAX, Math.ceil(BATCH_BYTES / recordBytes));
    let batch: Uint8Array[] = [];
    let record = new Uint8Array(recordBytes);
    let filled = 0;
    for (const piece of pieces) {
      for (let from = 0; from < piece.length;) {
        const part = piece.subarray(from, from + recordBytes - filled);
        record.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled < recordBytes) continue;
        batch.push(record);
        record = new Uint8Array(recordBytes);
        filled = 0;
        if (batch.length < recordsMax) continue;
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  },
};

function refuseRemainder({ path, bytes }: InputFile, recordBytes: number): void {
  if (bytes % recordBytes === 0) return;
  throw new InputError(
    "CorruptInput",
    `Cannot read ${JSON.stringify(path)}: its ${bytes} bytes are no whole number of records ` +
      `of ${recordBytes} bytes`,
    "Check the length of the records, and that the file is complete",
  );
}
