/**
 * The formats that plans can name. A new format is one file beside this one and one line here, or a
 * call of `registerSource` and `registerSink` in every process that meets it.
 */
import { PlanError } from "../core/errors.ts";
import { fixedRecordsSource } from "./fixed_records.ts";
import { memorySource, rangeSource } from "./memory.ts";
import { objectSink, objectSource } from "./object.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";
import { textSink, textSource } from "./text.ts";
import { wholeBytesSource, wholeTextSource } from "./whole_files.ts";

const sources = new Map<string, Source>();
const sinks = new Map<string, Sink>();

/** Makes a source known under its format. Throws a PlanError if the format has another one. */
export function registerSource(source: Source): void {
  register(sources, source, "source");
}

/** Makes a sink known under its format. Throws a PlanError if the format has another one. */
export function registerSink(sink: Sink): void {
  register(sinks, sink, "sink");
}

/** The source of a format. Throws a PlanError NotAvailable if there is none. */
export function sourceOf(format: string): Source {
  return found(sources, format, "source");
}

/** The sink of a format. Throws a PlanError NotAvailable if there is none. */
export function sinkOf(format: string): Sink {
  return found(sinks, format, "sink");
}

function register<T extends Readonly<{ format: string }>>(
  known: Map<string, T>,
  entry: T,
  what: string,
): void {
  const earlier = known.get(entry.format);
  if (earlier !== undefined && earlier !== entry) {
    throw new PlanError(
      "InvalidArgument",
      `Cannot register a ${what} for the format "${entry.format}": there is one already`,
      "Give the format another name",
    );
  }
  known.set(entry.format, entry);
}

function found<T>(known: ReadonlyMap<string, T>, format: string, what: string): T {
  const entry = known.get(format);
  if (entry !== undefined) return entry;
  throw new PlanError(
    "NotAvailable",
    `There is no ${what} for the format "${format}"`,
    `Known formats: ${[...known.keys()].join(", ")}`,
  );
}

const BUILT_IN = [
  memorySource,
  rangeSource,
  textSource,
  wholeTextSource,
  wholeBytesSource,
  fixedRecordsSource,
  objectSource,
];
for (const source of BUILT_IN) registerSource(source);
registerSink(textSink);
registerSink(objectSink);
