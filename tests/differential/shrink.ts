/** Makes a program that differs small, so that people see why. */
import type { Program, Source } from "./program.ts";

/** Operators on which neither an order, nor unique keys, nor a placement depends. */
const KEEPING = new Set(["map", "filter", "flatMap", "mapPartitions", "mapValues", "unionSelf"]);
/** What makes sense only after certain others: it needs a placement, unique keys or an order. */
const NEEDING = new Set([
  ...["indexed", "collectAsMap", "zipSelf", "zipWithIndex"],
  ...["glom", "glomSizes", "toLocalIterator"],
]);

/** Leaves out steps, then halves of the records, for as long as `differs` says so. */
export async function shrunk(
  program: Program,
  differs: (candidate: Program) => Promise<boolean>,
): Promise<Program> {
  for (let smaller: Program | undefined = program; smaller !== undefined;) {
    program = smaller;
    smaller = undefined;
    for (const candidate of candidates(program)) {
      if (!await differs(candidate)) continue;
      smaller = candidate;
      break;
    }
  }
  return program;
}

function* candidates(program: Program): Generator<Program> {
  const { steps, source } = program;
  for (let i = 0; i < steps.length - 1; i++) {
    if (mayGo(program, i)) yield { ...program, steps: steps.toSpliced(i, 1) };
  }
  for (const smaller of smallerSources(source)) yield { ...program, source: smaller };
  for (const [i, step] of steps.entries()) {
    if ((step.partitions ?? 1) > 1) {
      yield { ...program, steps: steps.with(i, { ...step, partitions: 1 }) };
    }
    if (!step.other) continue;
    for (const other of smallerSources(step.other)) {
      yield { ...program, steps: steps.with(i, { ...step, other }) };
    }
  }
}

/** Whether the result can be compared as before without the step `i`. */
function mayGo({ steps, order }: Program, i: number): boolean {
  const { operator } = steps[i]!;
  if (KEEPING.has(operator)) return true;
  return order === "free" && !steps.some((step) => NEEDING.has(step.lambda ?? step.operator));
}

function* smallerSources(source: Source): Generator<Source> {
  const { records, partitions } = source;
  if (partitions > 1) yield { records, partitions: 1 };
  if (records.length > 4) {
    const middle = records.length >> 1;
    yield { records: records.slice(0, middle), partitions };
    yield { records: records.slice(middle), partitions };
    return;
  }
  for (let i = 0; i < records.length; i++) yield { records: records.toSpliced(i, 1), partitions };
}
