/** Actions that write: what is written where; how, runtime/saving.ts knows. */
import { resolve } from "node:path";
import { PlanError, shown } from "../../core/errors.ts";
import type { Compression } from "../../core/platform.ts";
import type { Options } from "../../core/plan/plan.ts";
import type { ActionOptions, SaveOptions } from "../arguments.ts";
import { CallSite } from "../call_site.ts";
import type { Dataset } from "../dataset.ts";
import { runSave } from "../saving.ts";
import { pathOf } from "./sources.ts";

export async function saveAsTextFile(
  data: Dataset,
  path: string | URL,
  codec: unknown,
  options: SaveOptions,
): Promise<void> {
  const operator = "saveAsTextFile";
  const target = { path: resolve(pathOf(path, operator)), ...packed(codec, options, operator) };
  await save(data, operator, "text", target, options);
}

/** `operator`: the name by which the user called it. */
export async function saveAsObjectFile(
  data: Dataset,
  path: string | URL,
  options: SaveOptions,
  operator = "saveAsObjectFile",
): Promise<void> {
  const target = { path: resolve(pathOf(path, operator)), ...packed(undefined, options, operator) };
  await save(data, operator, "object", target, options);
}

/** The codecs of Hadoop that PySpark's programs name, as far as there is one here. */
const CODECS: Readonly<Record<string, Compression>> = {
  "org.apache.hadoop.io.compress.GzipCodec": "gzip",
  "org.apache.hadoop.io.compress.ZStandardCodec": "zstd",
};

/** How an output is packed; `codec` is the name of a class of Hadoop, or nothing. */
function packed(
  codec: unknown,
  { compression }: SaveOptions,
  operator: string,
): Readonly<{ compression?: Compression }> {
  const asked = codec ?? compression ?? "none";
  const found = typeof codec === "string" && Object.hasOwn(CODECS, codec) ? CODECS[codec] : asked;
  if (found === "none") return {};
  if (found === "gzip" || found === "zstd") return { compression: found };
  const parameter = codec === undefined || codec === null ? "compression" : "compressionCodecClass";
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): ${parameter} is ${shown(asked)}`,
    `Use { compression: "gzip" } or "zstd", or ${Object.keys(CODECS).join(" or ")}`,
  );
}

async function save(
  data: Dataset,
  operator: string,
  format: string,
  target: Options,
  options: ActionOptions,
): Promise<void> {
  const action = { kind: "save", format, options: target } as const;
  const prepared = data.driver.prepare(data.draft, action, new CallSite(operator));
  await runSave(data.driver, prepared, options);
}
