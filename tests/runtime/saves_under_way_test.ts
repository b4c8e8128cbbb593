/** What a signal finds of the saves that are under way. */
import assert from "node:assert/strict";
import { SavesUnderWay } from "../../runtime/saves_under_way.ts";

Deno.test("the saves that are under way are ended, whatever becomes of one of them", async () => {
  const saves = new SavesUnderWay();
  const ended: string[] = [];
  const end = (name: string) => () => Promise.resolve(void ended.push(name));
  using _broken = saves.add(() => Promise.reject(new Error("the disk is gone")));
  using _first = saves.add(end("first"));
  saves.add(end("over"))[Symbol.dispose]();
  using _second = saves.add(end("second"));
  await saves.end();
  assert.deepEqual(ended, ["first", "second"]);
});
