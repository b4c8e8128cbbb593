/**
 * Objects of the platform that can be made again from what they tell about themselves.
 *
 * Their state lies inside the engine, where no property shows it; these have constructors that take
 * all of it as plain data.
 */

/** How a value is made again: `new Path(...arguments)`, or `Path.from(...arguments)`. */
export type Recipe = Readonly<
  { path: readonly string[]; by: "new" | "from"; arguments: readonly unknown[] }
>;

type Described = Readonly<{ resolvedOptions(): Record<string, unknown> & { locale?: string } }>;

const intlNames = [
  "Collator",
  "DateTimeFormat",
  "DisplayNames",
  "DurationFormat",
  "ListFormat",
  "NumberFormat",
  "PluralRules",
  "RelativeTimeFormat",
  "Segmenter",
];

const temporalNames = [
  "Duration",
  "Instant",
  "PlainDate",
  "PlainDateTime",
  "PlainMonthDay",
  "PlainTime",
  "PlainYearMonth",
  "ZonedDateTime",
];

/** The recipe of a value of the platform; undefined for all those that only live where they are. */
export function recipeOf(value: object): Recipe | undefined {
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  const [space, name] = tag.split(".");
  if (space === "Intl" && name !== undefined && intlNames.includes(name)) {
    if (!isInstanceOf(value, ["Intl", name])) return undefined;
    const { locale, ...options } = (value as Described).resolvedOptions();
    return { path: ["Intl", name], by: "new", arguments: [locale, options] };
  }
  if (space === "Temporal" && name !== undefined && temporalNames.includes(name)) {
    if (!isInstanceOf(value, ["Temporal", name])) return undefined;
    return { path: ["Temporal", name], by: "from", arguments: [String(value)] };
  }
  switch (tag) {
    case "URL":
      return value instanceof URL ? made("URL", value.href) : undefined;
    case "URLSearchParams":
      return value instanceof URLSearchParams ? made("URLSearchParams", `${value}`) : undefined;
    case "TextEncoder":
      return value instanceof TextEncoder ? made("TextEncoder") : undefined;
    case "TextDecoder": {
      if (!(value instanceof TextDecoder)) return undefined;
      const { encoding, fatal, ignoreBOM } = value;
      return made("TextDecoder", encoding, { fatal, ignoreBOM });
    }
  }
  return undefined;
}

function made(name: string, ...args: unknown[]): Recipe {
  return { path: [name], by: "new", arguments: args };
}

function isInstanceOf(value: object, path: readonly string[]): boolean {
  let constructor: unknown = globalThis;
  for (const name of path) constructor = (constructor as Record<string, unknown>)[name];
  return typeof constructor === "function" &&
    Object.getPrototypeOf(value) === constructor.prototype;
}
