/** Pythons with packages, made once and kept in the cache of the user. */

/**
 * The interpreter of a virtual environment with `packages` (`name==version`), made by `python` where
 * it is not there yet. `name` tells it from others. Throws where it cannot be made.
 */
export async function venv(python: string, name: string, packages: readonly string[]) {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`;
  const folder = `${home}/flint/${name}`;
  const interpreter = `${folder}/bin/python`;
  const modules = packages.map((text) => text.split("==")[0]).join(", ");
  if (!await succeeds(interpreter, ["-c", `import ${modules}`])) {
    console.error(`Installing ${packages.join(" and ")} into ${folder}`);
    await must(python, ["-m", "venv", "--clear", folder]);
    await must(interpreter, ["-m", "pip", "install", "--quiet", ...packages]);
  }
  return interpreter;
}

/** Whether a command can be run and ends well; what it says goes nowhere. */
export async function succeeds(command: string, args: string[]): Promise<boolean> {
  try {
    const io = { stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(command, { args, ...io }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function must(command: string, args: string[]): Promise<void> {
  const { code } = await new Deno.Command(command, { args }).spawn().status;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}
