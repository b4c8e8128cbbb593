/**
 * Places as people wrote them: V8 speaks of the JavaScript that it runs, users of their TypeScript.
 *
 *     script, line, column ──► findSourceMap ──► job.ts:12:20
 */
import { fileURLToPath } from "node:url";
import { markedFrameOf } from "../core/closure/code_place.ts";

type NodeModule = typeof import("node:module");
type SourceMap = NonNullable<ReturnType<NodeModule["findSourceMap"]>>;

/** `node:module`, loaded when it is first needed: that takes some 15 ms. */
export function nodeModule(): NodeModule {
  return process.getBuiltinModule("node:module");
}
const sourceMaps = new Map<string, SourceMap | undefined>();

/** The map of a script that ran in this process, by its URL; `findSourceMap` wants paths. */
function sourceMapOf(url: string): SourceMap | undefined {
  if (!url.startsWith("file:")) return undefined;
  if (!sourceMaps.has(url)) {
    let map: SourceMap | undefined;
    try {
      map = nodeModule().findSourceMap(fileURLToPath(url));
    } catch {
      map = undefined; // it is JavaScript, or has not run here
    }
    sourceMaps.set(url, map);
  }
  return sourceMaps.get(url);
}

/** Where that position of a script is in the user's own file, such as `job.ts:12:20`. */
export function placeText(url: string, line: number, column: number): string {
  const at = originalPosition(url, line, column);
  return `${shownPath(url)}:${at.line + 1}:${at.column + 1}`;
}

/** The position in the source as it was written; lines and columns from 0, as all of them here. */
function originalPosition(
  url: string,
  line: number,
  column: number,
): { line: number; column: number } {
  const entry = sourceMapOf(url)?.findEntry(line, column);
  if (entry === undefined || !("originalLine" in entry)) return { line, column };
  // The map knows the beginnings of pieces; a piece is as far from its beginning as it was.
  const into = entry.generatedLine === line ? column - entry.generatedColumn : 0;
  return { line: entry.originalLine, column: entry.originalColumn + Math.max(0, into) };
}

/** A script as people name it: below the working folder where it lies there. */
function shownPath(url: string): string {
  if (!url.startsWith("file:")) return url === "" ? "<anonymous>" : url;
  const path = fileURLToPath(url);
  const folder = `${Deno.cwd()}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** Flint's own code: the folders beside this one. */
const flintRoot = new URL("../", import.meta.url).href;
const flintFolders = /^(core|io|shuffle|workers|spark|runtime|cli)\/|^(mod|submit)\.ts/;

/**
 * A stack trace as the user should see it: frames of functions that ran in a worker name their place
 * in TypeScript, and what Flint and the runtime did to call them is left out. A trace without such a
 * frame stays as it is.
 */
export function mapStack(stack: string): string {
  const lines = stack.split("\n").filter((line) => !isFlint(markedFrameOf(line)?.script));
  const frames = lines.map(markedFrameOf);
  const last = frames.findLastIndex((frame) => frame !== undefined);
  if (last < 0) return stack;
  const shown: string[] = [];
  for (const [index, line] of lines.entries()) {
    const frame = frames[index];
    if (frame !== undefined) shown.push(shownFrame(frame));
    else if (!isInternalFrame(line, index > last)) shown.push(line);
  }
  return shown.join("\n");
}

function shownFrame(frame: NonNullable<ReturnType<typeof markedFrameOf>>): string {
  const { line, column } = originalPosition(frame.script, frame.line - 1, frame.column - 1);
  const place = `${frame.script}:${line + 1}:${column + 1}`;
  return /\bat$/.test(frame.head) ? `${frame.head} ${place}` : `${frame.head} (${place})`;
}

function isInternalFrame(line: string, isBelow: boolean): boolean {
  if (!/^\s+at /.test(line)) return false;
  if (/[( ](ext|node|deno):/.test(line)) return true;
  if (/<anonymous>/.test(line)) return isBelow || /, <anonymous>:\d/.test(line);
  const at = line.indexOf(flintRoot);
  return at >= 0 && isFlint(line.slice(at));
}

/** Whether a script is Flint's own, such as what an operator puts around a function of the user. */
function isFlint(script: string | undefined): boolean {
  return script?.startsWith(flintRoot) === true &&
    flintFolders.test(script.slice(flintRoot.length));
}
