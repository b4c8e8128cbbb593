/** Who runs the program. */

/** In this order, as Spark and the shells have it. */
const VARIABLES = ["SPARK_USER", "USER", "LOGNAME"];

/** The name of the user; `unknown` where the environment has none, or may not be read. */
export function userName(): string {
  for (const variable of VARIABLES) {
    // Asking first: reading without the permission would put a question to the user on a terminal.
    if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") continue;
    const name = Deno.env.get(variable);
    if (name) return name;
  }
  return "unknown";
}
