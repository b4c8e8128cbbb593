/**
 * Events → what a person sees while a job runs, on stderr.
 *
 *     on a terminal    [Stage 4:=============>              (2 + 2) / 4]     Spark's own format
 *     elsewhere        Stage 4 (reduceByKey at job.ts:7): 2 + 2 of 4 tasks   now and then
 *
 * `StageBoard` is the pure part: it takes events and gives text. `attachProgress` is its hands.
 */
import type { Event, EventBus } from "../core/events.ts";
import type { StageId } from "../core/task.ts";

/** Stages younger than this are not shown: a flash helps nobody. Spark's figure. */
const SHOWN_AFTER_MS = 500;
const REDRAW_MS = 200;
/** Where there is no terminal: the first line after a second, then ever more seldom. */
const FIRST_LINE_MS = 1_000;
const LINE_INTERVAL_MS_MAX = 30_000;

type RunningStage = {
  readonly id: StageId;
  readonly name: string;
  readonly tasks: number;
  readonly startedAtMs: number;
  finished: number;
  running: number;
};

/** The stages that run now. */
export class StageBoard {
  readonly #stages = new Map<StageId, RunningStage>();

  handle(event: Event): void {
    switch (event.type) {
      case "stage.started":
        this.#stages.set(event.stage, {
          id: event.stage,
          name: event.name,
          tasks: event.tasks,
          startedAtMs: event.atMs,
          finished: 0,
          running: 0,
        });
        return;
      case "stage.ended":
        this.#stages.delete(event.stage);
        return;
      case "task.started":
        this.#change(event.task.stage, (stage) => stage.running++);
        return;
      case "task.ended":
        this.#change(event.task.stage, (stage) => {
          stage.running--;
          if (event.outcome.ok) stage.finished++;
        });
        return;
      case "job.started":
      case "job.ended":
      case "permission.denied":
      case "accumulator.updated":
      case "executor.started":
      case "executor.lost":
      case "executor.printed":
      case "warning":
        return;
    }
  }

  /** The bars of all stages that are old enough, sharing one line of `width` columns; "" for none. */
  bar(nowMs: number, width: number): string {
    const stages = this.#old(nowMs);
    if (stages.length === 0) return "";
    const share = Math.floor(width / stages.length);
    return stages.map((stage) => stageBar(stage, share)).join("").slice(0, width);
  }

  /** One line a stage, for a log. */
  lines(nowMs: number): string[] {
    return this.#old(nowMs).map((stage) =>
      `Stage ${stage.id} (${stage.name}): ${stage.finished} + ${stage.running} of ${stage.tasks} tasks`
    );
  }

  #change(id: StageId, change: (stage: RunningStage) => void): void {
    const stage = this.#stages.get(id);
    if (stage !== undefined) change(stage);
  }

  #old(nowMs: number): RunningStage[] {
    return [...this.#stages.values()]
      .filter((stage) => nowMs - stage.startedAtMs >= SHOWN_AFTER_MS)
      .sort((a, b) => a.id - b.id);
  }
}

/** `[Stage 4:=====>   (2 + 2) / 4]` in exactly `width` columns, or without a bar where that is too narrow. */
function stageBar(stage: RunningStage, width: number): string {
  const head = `[Stage ${stage.id}:`;
  const tail = `(${stage.finished} + ${stage.running}) / ${stage.tasks}]`;
  const room = width - head.length - tail.length;
  if (room <= 0) return head + tail;
  const done = Math.floor(room * stage.finished / Math.max(1, stage.tasks));
  const arrow = done < room ? `${"=".repeat(done)}>` : "=".repeat(room);
  return head + arrow.padEnd(room) + tail;
}

/** Whether something else is about to be written to the terminal, which wants a line of its own. */
function clearsTheLine({ type }: Event): boolean {
  return type === "stage.ended" || type === "warning" || type === "executor.printed";
}

/** What progress is written to. */
export type Screen = Readonly<{
  terminal: boolean;
  /** Columns; asked anew for each bar, as windows change. */
  width: () => number;
  write: (text: string) => void;
  now: () => number;
}>;

/** Shows the progress of everything that these events tell of, until it is disposed. */
export function attachProgress(events: EventBus, screen: Screen): Disposable {
  const board = new StageBoard();
  let drawn = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let nextLineMs = 0;
  let intervalMs = FIRST_LINE_MS;

  const erase = () => {
    if (drawn > 0) screen.write(`\r${" ".repeat(drawn)}\r`);
    drawn = 0;
  };
  const draw = () => {
    const bar = board.bar(screen.now(), screen.width() - 1);
    if (bar.length < drawn) erase();
    if (bar !== "") screen.write(`\r${bar}`);
    drawn = bar.length;
  };
  const print = () => {
    if (screen.now() < nextLineMs) return;
    const lines = board.lines(screen.now());
    if (lines.length > 0) screen.write(`${lines.join("\n")}\n`);
    intervalMs = Math.min(2 * intervalMs, LINE_INTERVAL_MS_MAX);
    nextLineMs = screen.now() + intervalMs;
  };
  const rest = () => {
    clearInterval(timer);
    timer = undefined;
    erase();
  };

  const jobs = new Set<number>();
  const subscription = events.subscribe((event) => {
    board.handle(event);
    if (event.type === "job.started") jobs.add(event.job);
    if (event.type === "job.ended") jobs.delete(event.job);
    if (clearsTheLine(event)) erase();
    if (jobs.size === 0) rest();
    else if (timer === undefined) {
      intervalMs = FIRST_LINE_MS;
      nextLineMs = screen.now() + intervalMs;
      timer = setInterval(screen.terminal ? draw : print, REDRAW_MS);
      Deno.unrefTimer(timer);
    }
  });
  return {
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      rest();
    },
  };
}
