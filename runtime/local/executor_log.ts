/**
 * What an executor prints, cut into lines that a log can take: neither a line without an end nor a
 * task that prints for ever may fill memory or disk.
 */

/** A longer line is shown as several. */
const LINE_CHARS_MAX = 64 * 1024;
/** What one task may print; the rest of it is left out, and that is said. */
const TASK_CHARS_MAX = 16 * 2 ** 20;

export class ExecutorLog {
  readonly #print: (line: string) => void;
  #rest = "";
  #charsLeft = TASK_CHARS_MAX;

  /** `print` gets each line as it is complete. */
  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Takes the next piece of what was printed. */
  take(text: string): void {
    if (this.#charsLeft < 0) return;
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
    while (this.#rest.length >= LINE_CHARS_MAX) {
      const line = this.#rest.slice(0, LINE_CHARS_MAX);
      this.#rest = this.#rest.slice(LINE_CHARS_MAX);
      this.#line(line);
    }
  }

  /** Another task begins, which may print as much again. */
  renew(): void {
    this.#charsLeft = TASK_CHARS_MAX;
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
  }

  #line(line: string): void {
    if (this.#charsLeft < 0) return;
    this.#charsLeft -= line.length + 1;
    if (this.#charsLeft >= 0) return this.#print(line);
    this.#rest = "";
    this.#print(`… a task has printed more than ${TASK_CHARS_MAX >> 20} MB; the rest is left out`);
  }
}
