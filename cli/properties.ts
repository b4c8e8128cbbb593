/** Spark's properties files: `key value`, `key=value` or `key: value`, one a line; `#` and `!` are comments. */

/** The settings of a file's text. Throws an Error naming the line that is none. */
export function parseProperties(text: string, path: string): Record<string, string> {
  const settings: Record<string, string> = {};
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith("!")) return;
    const match = /^([^\s=:]+)(?:\s*[=:]\s*|\s+)(.*)$/.exec(trimmed);
    if (match === null) {
      throw new Error(
        `${path}:${index + 1}: ${JSON.stringify(trimmed)} is no setting: write key=value`,
      );
    }
    settings[match[1]!] = match[2]!;
  });
  return settings;
}
