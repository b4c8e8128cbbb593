import assert from "node:assert/strict";
import fc from "fast-check";
import { PlanError } from "../../core/errors.ts";
import { shellWords } from "../../runtime/command_line.ts";

/** What `shlex.split` of Python 3.11 gives. */
const vectors: [command: string, words: string[]][] = [
  ["cat", ["cat"]],
  ["", []],
  ["  a  b\tc\n", ["a", "b", "c"]],
  ["a\r\nb", ["a", "b"]],
  [`grep 'x y' "z \\" q"`, ["grep", "x y", 'z " q']],
  ["a\\ b c\\\\d", ["a b", "c\\d"]],
  ["''", [""]],
  ['"" x', ["", "x"]],
  [`a'b'"c"d`, ["abcd"]],
  ["echo $HOME *.ts | cat; #x", ["echo", "$HOME", "*.ts", "|", "cat;", "#x"]],
  ['"a\\nb\\\\"', ["a\\nb\\"]],
  ["é 'ü ö' 🦕", ["é", "ü ö", "🦕"]],
  ["a\\'b", ["a'b"]],
  [`"'"`, ["'"]],
];

Deno.test("a command is taken apart as by shlex", () => {
  for (const [command, words] of vectors) assert.deepEqual(shellWords(command), words, command);
});

Deno.test("what has no end is refused", () => {
  for (const command of ["'a", '"a', "a\\", '"a\\"', "a 'b'\""]) {
    assert.throws(() => shellWords(command), (error) => {
      assert(error instanceof PlanError);
      return error.code === "InvalidArgument" && /has no end\n/.test(error.message);
    });
  }
});

Deno.test("words that are quoted come back as they were", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
    const single = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const double = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`);
    assert.deepEqual(shellWords(single.join(" ")), words);
    assert.deepEqual(shellWords(double.join("\n")), words);
  }));
});
