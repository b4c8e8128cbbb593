/** What tells a worker that a task drew at random or asked for the time, and what does not. */
import assert from "node:assert/strict";
import { Draws } from "../../workers/draws.ts";

/** The originals, to be put back: the functions of this process are replaced. */
const original = Date;
const owners = [Math, Date, Crypto.prototype, SubtleCrypto.prototype, Performance.prototype];
const properties = owners.map((owner) => Object.getOwnPropertyDescriptors(owner));
const now = (globalThis as { Temporal?: { Now: object } }).Temporal?.Now;
const ofNow = now && Object.getOwnPropertyDescriptors(now);

const draws = new Draws(globalThis);

Deno.test.afterAll(() => {
  owners.forEach((owner, i) => Object.defineProperties(owner, properties[i]!));
  if (now !== undefined) Object.defineProperties(now, ofNow!);
  globalThis.Date = original;
  original.prototype.constructor = original;
});

const hmac = { name: "HMAC", hash: "SHA-256" };
const DRAWING: Readonly<Record<string, () => unknown>> = {
  "Math.random": () => Math.random(),
  "a name for it": () => [1].map(Math.random),
  "Date.now": () => Date.now(),
  "new Date()": () => new Date(),
  "Date()": () => Date(),
  "a class of dates": () => new (class Day extends Date {})(),
  "Reflect.construct": () => Reflect.construct(Date, []),
  "performance.now": () => performance.now(),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "crypto.subtle.generateKey": () => crypto.subtle.generateKey(hmac, true, ["sign"]),
  ...(now === undefined
    ? {}
    : { "Temporal.Now.instant": () => (now as { instant: () => unknown }).instant() }),
};

for (const [name, draw] of Object.entries(DRAWING)) {
  Deno.test(`${name} is noted`, async () => {
    draws.forget();
    await draw();
    assert(draws.has);
  });
}

Deno.test("what comes out the same every time is not noted", async () => {
  draws.forget();
  Math.max(1, 2);
  assert.equal(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z");
  assert.equal(new Date(2026, 0, 2).getDate(), 2);
  assert.equal(new Date("2026-01-02T00:00:00Z").getTime(), Date.UTC(2026, 0, 2));
  assert.equal(Date.parse("1970-01-01T00:00:01Z"), 1000);
  await crypto.subtle.digest("SHA-256", new Uint8Array(1));
  assert(!draws.has);
});

Deno.test("dates are what they were", () => {
  class Day extends Date {}
  const day = new Day(5);
  assert(day instanceof Day && day instanceof Date && day instanceof original);
  assert.equal(day.getTime(), 5);
  assert(new original(0) instanceof Date);
  assert.equal(new Date(0).constructor, Date);
  assert.deepEqual(structuredClone(new Date(7)), new Date(7));
  assert.deepEqual([Date.name, Date.length, Math.random.name], ["Date", 7, "random"]);
  assert.equal(crypto.getRandomValues.length, 1);
  const bytes = new Uint8Array(4);
  assert.equal(crypto.getRandomValues(bytes), bytes);
  assert.equal(typeof Date(), "string");
  assert(Math.abs(new Date().getTime() - original.now()) < 60_000);
});
