/**
 * What was measured as Markdown, for people and for docs/benchmarks.md:
 *
 *     deno run -A bench/table.ts measured.jsonl [more.jsonl …]
 */
import { CONTESTANTS } from "./contestants.ts";
import { JOBS, OUT_OF_CORE_MARKS } from "./jobs.ts";
import { type Figure, Figures, type Line, median, readLines } from "./measured.ts";

const SELF = "flint";

/** The tables of a file of bench/run.ts. */
export function tables(lines: readonly Line[]): string {
  const figures = new Figures(lines);
  const names = Object.keys(CONTESTANTS).filter((name) =>
    lines.some((line) => line.kind !== "setting" && line.contestant === name)
  );
  const parts = [
    setting(lines),
    section(
      "Warm: seconds, and how many times as long as Flint",
      names,
      (job, name) => JOBS[job]!.kind === "warm" ? timeCell(figures, job, "warm", name) : "",
    ),
    section(
      "Cold: from the start of the process to the first answer",
      names,
      (job, name) => timeCell(figures, job, "cold", name),
    ),
    section(
      "Memory: the highest sum over all processes, in MB",
      names,
      (job, name) => memoryCell(figures.of(job, JOBS[job]!.kind, name)),
    ),
    marks(figures),
    absences(lines),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function setting(lines: readonly Line[]): string {
  const all = lines.flatMap((line) => {
    if (line.kind === "contestant") return [`- ${line.version}`];
    if (line.kind !== "setting") return [];
    return [
      `- ${line.date}; ${line.machine}`,
      `- \`${line.command}\``,
      `- ${line.threads} threads each; ${line.megabytes} MB of text; medians of ${line.rounds} ` +
      `rounds; ${line.tasks} empty tasks; classics at a scale of ${line.scale}`,
    ];
  });
  return [...new Set(all)].join("\n");
}

/** A row for each job of which somebody has something to say. */
function section(
  title: string,
  names: readonly string[],
  cell: (job: string, name: string) => string,
): string {
  const rows = Object.entries(JOBS)
    .map(([job, spec]) => [spec.title, ...names.map((name) => cell(job, name))])
    .filter(([, ...cells]) => cells.some((text) => text !== ""))
    .map((cells) => [cells[0]!, ...cells.slice(1).map((text) => text || "–")]);
  if (rows.length === 0) return "";
  return `### ${title}\n\n${markdown(["", ...names.map((n) => CONTESTANTS[n]!.title)], rows)}`;
}

function timeCell(figures: Figures, job: string, phase: Figure["phase"], name: string): string {
  const seconds = figures.seconds(job, phase, name);
  if (Number.isNaN(seconds)) return "";
  const ratio = median(figures.ratios(job, phase, name, SELF));
  const compared = name === SELF || Number.isNaN(ratio) ? "" : ` (${digits(ratio)}×)`;
  return `${digits(seconds)} s${compared}`;
}

function memoryCell(figures: readonly Figure[]): string {
  if (figures.length === 0) return "";
  return String(Math.round(Math.max(...figures.map(({ rssBytes }) => rssBytes)) / 1e6));
}

/** Where Flint is, and where it has to be. */
function marks(figures: Figures): string {
  const rows = Object.entries(JOBS).flatMap(([job, { title, kind, marks }]) =>
    Object.entries(marks).flatMap(([name, { must, aim }]) => {
      const ratio = median(figures.ratios(job, kind, name, SELF));
      if (Number.isNaN(ratio)) return [];
      const mark = must ?? aim!;
      const asked = `${must === undefined ? "aim" : "must"} ${mark === 1 ? "faster" : `${mark}×`}`;
      const beside = `${title}, ${CONTESTANTS[name]!.title}`;
      return [[beside, asked, `${digits(ratio)}×`, ratio >= mark ? "yes" : "no"]];
    })
  ).concat(outOfCoreMarks(figures));
  if (rows.length === 0) return "";
  return `### What is asked for\n\n${markdown(["", "asked for", "measured", "there"], rows)}`;
}

function outOfCoreMarks(figures: Figures): string[][] {
  const own = figures.of("sort-out-of-core", "warm", SELF);
  const times = figures.seconds("sort-out-of-core", "warm", SELF) /
    figures.seconds("sort", "warm", SELF);
  if (own.length === 0) return [];
  const { title } = JOBS["sort-out-of-core"]!;
  const { must, aim, executorBytesMax } = OUT_OF_CORE_MARKS;
  const spilled = Math.min(...own.map(({ bytesSpilled }) => bytesSpilled ?? 0));
  const executor = Math.max(...own.map(({ executorBytes }) => executorBytes ?? 0));
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const yes = (isThere: boolean) => isThere ? "yes" : "no";
  const rows = [
    [`${title}: spilled`, "must be more than 0", megabytes(spilled), yes(spilled > 0)],
    [
      `${title}: the largest executor`,
      `must at most ${megabytes(executorBytesMax)}`,
      megabytes(executor),
      yes(executor <= executorBytesMax),
    ],
  ];
  if (Number.isNaN(times)) return rows;
  const asked = `must at most ${must}×, aim ${aim}×`;
  return [[`${title}: beside sort`, asked, `${digits(times)}×`, yes(times <= must)], ...rows];
}

function absences(lines: readonly Line[]): string {
  const rows = lines.filter((line) => line.kind === "absent").map(({ contestant, job, reason }) =>
    `- ${CONTESTANTS[contestant]!.title}${job === undefined ? "" : `, ${job}`}: ${reason}`
  );
  return rows.length === 0 ? "" : `### Missing\n\n${rows.join("\n")}`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, i) => text.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** Three digits that count. */
function digits(number: number): string {
  return number >= 100 ? number.toFixed(0) : number.toPrecision(number < 0.01 ? 1 : 3);
}

if (import.meta.main) console.log(tables(Deno.args.flatMap(readLines)));
