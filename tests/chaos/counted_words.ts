/** How often each word of a text comes, by programs that know nothing of Flint. */

/** `count word` lines in the order of the words' bytes; words end at `/` and at the line's end. */
export async function countedWords(path: string): Promise<string> {
  const script = `tr / '\\n' <"$0" | sort | uniq -c | sed -E 's/^ *//'`;
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, path],
    env: { LC_ALL: "C" },
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
