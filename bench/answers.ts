/** Holds the answers to a job against one another. The first one that answers is believed. */
export class Answers {
  #first: readonly [name: string, answer: string] | undefined;

  /** Throws where `name` answers otherwise than who answered first. */
  compare(name: string, answer: string): void {
    this.#first ??= [name, answer];
    const [other, expected] = this.#first;
    if (answer !== expected) {
      throw new Error(`it answers ${answer} where ${other} answers ${expected}`);
    }
  }
}
