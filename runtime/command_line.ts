/** A command as one text, taken apart as Python's `shlex.split` and a POSIX shell do; no more of a shell. */
import { PlanError, shown } from "../core/errors.ts";

/**
 * The words of `text`, between white space. Quotes keep words together, of which "…" gives a
 * backslash before `"` and `\` its meaning and '…' gives it none; elsewhere a backslash keeps the
 * character after it as it is. Nothing is expanded: `$HOME`, `*` and `|` are characters.
 * Throws a PlanError (InvalidArgument) for a quote or a backslash that has no end.
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (" \t\r\n".includes(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw unended(text, "a quote");
      word = (word ?? "") + text.slice(at + 1, end);
      at = end;
    } else if (character === '"') {
      const quoted = inDoubleQuotes(text, at + 1);
      word = (word ?? "") + quoted.text;
      at = quoted.end;
    } else if (character === "\\") {
      if (++at === text.length) throw unended(text, "a backslash");
      word = (word ?? "") + text[at];
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function inDoubleQuotes(text: string, from: number): Readonly<{ text: string; end: number }> {
  let quoted = "";
  for (let at = from; at < text.length; at++) {
    const [character, next] = [text[at]!, text[at + 1]];
    if (character === '"') return { text: quoted, end: at };
    const isEscape = character === "\\" && (next === '"' || next === "\\");
    quoted += isEscape ? text[++at] : character;
  }
  throw unended(text, "a quote");
}

function unended(text: string, what: string): PlanError {
  return new PlanError(
    "InvalidArgument",
    `Cannot take the command ${shown(text)} apart: ${what} in it has no end`,
    'End it, or pass the words as an array, as in ["grep", "it\'s"]',
  );
}
