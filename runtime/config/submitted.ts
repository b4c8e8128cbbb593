/**
 * What `submit` passes on to the job, which is another process: one environment variable, which is read
 * once and deleted, so that neither the job nor its children see it.
 */

/** What `submit` hands to the job: its options, and what its properties file said. */
export type Submitted = Readonly<{
  conf: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, string>>;
}>;

/** The environment variable that holds a {@linkcode Submitted} as JSON. */
export const SUBMITTED_VARIABLE = "FLINT_SUBMITTED";

let submitted: Submitted | undefined;

/**
 * What `submit` was told, or nothing where the job was started otherwise or may not read the
 * environment. The variable is deleted when it is read.
 */
export function submittedSettings(): Submitted {
  submitted ??= readSubmitted() ?? { conf: {}, properties: {} };
  return submitted;
}

function readSubmitted(): Submitted | undefined {
  const descriptor = { name: "env", variable: SUBMITTED_VARIABLE } as const;
  // Asking first: reading without the permission would put a question to the user on a terminal.
  if (Deno.permissions.querySync(descriptor).state !== "granted") return undefined;
  const text = Deno.env.get(SUBMITTED_VARIABLE);
  if (text === undefined) return undefined;
  Deno.env.delete(SUBMITTED_VARIABLE);
  return JSON.parse(text) as Submitted;
}
