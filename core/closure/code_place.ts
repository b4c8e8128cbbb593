/**
 * How a stack trace tells the place of revived code.
 *
 * Revived code has a source URL made of a marker and the URL of the script it came from, and it is
 * padded so that each line and column is that of the script, one line further down (line 1 holds
 * what goes around the function). So a frame
 *
 *     at eval (flint-closure:file:///home/me/job.ts, <anonymous>:8:11)
 *
 * is line 7, column 11 of the JavaScript that job.ts was compiled to; runtime/inspector.ts finds the
 * line in the TypeScript.
 */

const marker = "flint-closure:";
/** How many lines the revived text lies below its place in the script. */
export const linesAbove = 1;

/** The source URL for code of a script; scripts typed into a shell may have none. */
export function markedUrl(script: string): string {
  return marker + (script === "" ? "unknown" : encodeURI(decodeSafely(script)));
}

/** A frame of revived code: the script and the place in it; lines and columns from 1. */
export type MarkedFrame = Readonly<{
  /** What stands before the place, such as `    at half`. */
  head: string;
  script: string;
  line: number;
  column: number;
}>;

/** Reads a line of a stack trace; undefined where it is no frame of revived code. */
export function markedFrameOf(line: string): MarkedFrame | undefined {
  const at = line.indexOf(marker);
  if (at < 0) return undefined;
  const match = /^(.*?)(?:, <anonymous>)?:(\d+):(\d+)\)?\s*$/.exec(line.slice(at + marker.length));
  if (match === null) return undefined;
  const head = line.slice(0, at).replace(/[\s(]+$/, "").replace(/\bat eval$/, "at");
  return {
    head,
    script: match[1]!,
    line: Number(match[2]) - linesAbove,
    column: Number(match[3]),
  };
}

function decodeSafely(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}
