/** Jobs as users write them, of many operators and several actions, against plain arrays. */
import assert from "node:assert/strict";
import type { RDD } from "@flint/flint";
import type { Program } from "../program.ts";

/** A small text in which words repeat. */
const LINES: readonly string[] = Array.from(
  { length: 200 },
  (_, n) => [n % 7, n % 11, n % 13].map((word) => "abcdefghijklm"[word]!.repeat(3)).join(" "),
);

const LINKS: readonly [from: string, to: string][] = [
  ["a", "b"],
  ["a", "c"],
  ["b", "c"],
  ["c", "a"],
  ["d", "c"],
];

type Point = [x: number, y: number];

/** Two heaps of points that lie far apart. */
const POINTS: readonly Point[] = Array.from({ length: 60 }, (_, n): Point => {
  const [x, y] = n % 2 === 0 ? [0, 0] : [100, 50];
  return [x + n % 5, y + n % 3];
});

function countsOf(words: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}

/** The ranks of pages after so many rounds: each gives an equal part of its own to those it links to. */
function ranksOf(links: readonly [string, string[]][], rounds: number): Map<string, number> {
  let ranks = new Map(links.map(([page]) => [page, 1]));
  for (let round = 0; round < rounds; round++) {
    const next = new Map(links.map(([page]) => [page, 0]));
    for (const [page, to] of links) {
      for (const target of to) {
        next.set(target, next.get(target)! + ranks.get(page)! / to.length);
      }
    }
    ranks = next;
  }
  return ranks;
}

function meanOf(points: readonly Point[]): Point {
  const sum = points.reduce(([x, y], point): Point => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

export const wholeJobs: readonly Program[] = [
  {
    name: "word count, most frequent first",
    async run(sc) {
      const counts = sc.parallelize(LINES, 5)
        .flatMap((line) => line.split(" "))
        .map((word) => [word, 1])
        .reduceByKey((a, b) => a + b, 3)
        .sortBy(([word, count]) => [-count, word]);
      const expected = countsOf(LINES.flatMap((line) => line.split(" ")));
      assert.deepEqual(await counts.collect(), expected);
      assert.deepEqual(await counts.take(2), expected.slice(0, 2));
      assert.equal(await counts.values().sum(), 600);
    },
  },
  {
    name: "ranks of pages, by a join in a loop",
    async run(sc) {
      const links = sc.parallelize(LINKS, 3).groupByKey(2)
        .mapValues((pages): string[] => pages.toArray());
      let ranks: RDD<[string, number]> = links.mapValues(() => 1);
      for (let round = 0; round < 4; round++) {
        const given = links.join(ranks).values().flatMap(([pages, rank]) =>
          pages.map((page): [string, number] => [page, rank / pages.length])
        );
        const none = links.mapValues(() => 0);
        ranks = given.union(none).reduceByKey((a, b) => a + b, 2);
      }
      const found = await ranks.collectAsMap();
      const table = [...new Set(LINKS.map(([from]) => from))].map((from): [string, string[]] => [
        from,
        LINKS.filter((link) => link[0] === from).map(([, to]) => to),
      ]);
      const expected = ranksOf(table, 4);
      assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
      for (const [page, rank] of expected) assert(Math.abs(found.get(page)! - rank) < 1e-12, page);
    },
  },
  {
    name: "centres of heaps of points, broadcast anew in each round",
    async run(sc) {
      const points = sc.parallelize(POINTS, 4);
      let centres: Point[] = [[10, 10], [60, 60]];
      for (let round = 0; round < 3; round++) {
        const known = sc.broadcast(centres);
        const nearest = ([x, y]: Point): number => {
          const distances = known.value.map(([cx, cy]) => Math.hypot(cx - x, cy - y));
          return distances.indexOf(Math.min(...distances));
        };
        const sums = points.map((point) => [nearest(point), [point, 1]]).reduceByKey(
          ([p, n], [q, m]) => [[p[0] + q[0], p[1] + q[1]], n + m],
        );
        const means = sums.mapValues(([[x, y], n]): Point => [x / n, y / n]);
        centres = (await means.sortByKey().collect()).map(([, centre]) => centre);
        await known.destroy();
      }
      const heaps = [0, 1].map((heap) => POINTS.filter((_, n) => n % 2 === heap));
      assert.deepEqual(centres, heaps.map(meanOf));
    },
  },
  {
    name: "all that can be reached, until nothing new is found",
    async run(sc) {
      const edges = sc.parallelize(LINKS, 2);
      const backwards = edges.map(([from, to]) => [to, from]);
      let paths: RDD<[string, string]> = edges;
      for (let [before, now] = [-1, await paths.count()]; before !== now;) {
        const longer = paths.join(backwards, 2)
          .map(([, [to, from]]): [string, string] => [from, to]);
        paths = paths.union(longer).distinct(2);
        [before, now] = [now, await paths.count()];
      }
      const reached = (await paths.collect()).map(([from, to]) => from + to).sort();
      assert.deepEqual(reached, [..."abcd"].flatMap((from) => [..."abc"].map((to) => from + to)));
    },
  },
  {
    name: "the two greatest of each key, and how they compare with all",
    async run(sc) {
      const sales = sc.range(0, 500, 1, 6).map((n) => [n % 4, n * 37 % 501]);
      const greatest = sales.aggregateByKey(
        (): number[] => [],
        (best, n) => [...best, n].sort((a, b) => b - a).slice(0, 2),
        (a, b) => [...a, ...b].sort((x, y) => y - x).slice(0, 2),
      );
      const totals = sales.reduceByKey((a, b) => a + b);
      const report = await greatest.join(totals).sortByKey().collect();
      const expected = [0, 1, 2, 3].map((key) => {
        const all = Array.from({ length: 125 }, (_, n) => (4 * n + key) * 37 % 501);
        const total = all.reduce((a, b) => a + b);
        return [key, [all.toSorted((a, b) => b - a).slice(0, 2), total]];
      });
      assert.deepEqual(report, expected);
    },
  },
];
