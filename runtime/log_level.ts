/** Which messages are shown. There are only warnings, so that a level says whether they are. */
import { PlanError, shown } from "../core/errors.ts";

/** From which level on messages are shown, in Spark's words. */
export type LogLevel = "ALL" | "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL" | "OFF";

/** From the most talkative on. */
const LEVELS: readonly LogLevel[] = [
  "ALL",
  "TRACE",
  "DEBUG",
  "INFO",
  "WARN",
  "ERROR",
  "FATAL",
  "OFF",
];

/** The level that `value` names, in upper or lower case. Throws a PlanError (InvalidArgument). */
export function logLevel(value: unknown): LogLevel {
  const wanted = typeof value === "string" ? value.trim().toUpperCase() : "";
  const level = LEVELS.find((level) => level === wanted);
  if (level !== undefined) return level;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call setLogLevel(): level is ${shown(value)}`,
    `Use one of ${LEVELS.join(", ")}`,
  );
}

export function showsWarnings(level: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf("WARN");
}
