/** Slips of the pen: which known name was probably meant. */

/** More edits than this are another word, not a slip. */
const EDITS_MAX = 2;

/** The known name nearest to `name`: at most two edits away, or the same in another case. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestEdits = EDITS_MAX + 1;
  for (const candidate of known) {
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** `; did you mean "…"?`, to be put behind a message; "" where no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** Letters to add, drop, change or swap with their neighbour to make `b` of `a`. */
export function editsBetween(a: string, b: string): number {
  // Anything beyond the limit counts as beyond it: long names need no full table.
  if (Math.abs(a.length - b.length) > EDITS_MAX) return Infinity;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(
        above[column]! + 1,
        current[column - 1]! + 1,
        above[column - 1]! + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        edits = Math.min(edits, before[column - 2]! + 1);
      }
      current.push(edits);
    }
    [before, above] = [above, current];
  }
  return above[b.length]!;
}
