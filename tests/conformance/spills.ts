/** What the tasks of a program have spilled and held, as a user can see it. */
import type { SparkContext } from "@flint/flint";

/** Figures of the tasks that ended well while `act` ran. */
export async function spillsOf(
  sc: SparkContext,
  act: () => Promise<unknown>,
): Promise<{ spills: number; bytes: number; bytesWritten: number; memoryBytesMax: number }> {
  const sum = { spills: 0, bytes: 0, bytesWritten: 0, memoryBytesMax: 0 };
  using _listening = sc.events.subscribe((event) => {
    if (event.type !== "task.ended" || !event.outcome.ok) return;
    const { spills, bytesSpilled, bytesWritten, memoryBytesMax } = event.metrics;
    sum.spills += spills;
    sum.bytes += bytesSpilled;
    sum.bytesWritten += bytesWritten;
    sum.memoryBytesMax = Math.max(sum.memoryBytesMax, memoryBytesMax);
  });
  await act();
  return sum;
}

/** The paths of all files below a folder in which others may be at work. */
export function filesBelow(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
