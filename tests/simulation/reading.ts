/** What a task of the simulator finds when it reads, as a real one would. */
import type { ExchangeId, ExchangeLocation, Flow, KeptId, Stage } from "../../core/task.ts";
import { keptIn } from "./kept_books.ts";

/** Where a task looks. `broken`: it began to read a kept partition that then turned out damaged. */
export type World = Readonly<{
  locations: readonly ExchangeLocation[];
  isThere: (file: string) => boolean;
  kept: (id: KeptId) => "there" | "absent" | "broken";
}>;

export type Found =
  /** `made`: what was to be kept and was not there. */
  | Readonly<{ kind: "all"; made: readonly KeptId[] }>
  | Readonly<{ kind: "inputLost"; exchange: ExchangeId; partition: number }>
  | Readonly<{ kind: "keptLost"; lost: readonly KeptId[] }>;

export function readAll(stage: Stage, flow: Flow, world: World): Found {
  const made: KeptId[] = [];
  const seen = new Set<Flow>();
  const read = (at: Flow): Found | undefined => {
    if (seen.has(at)) return undefined;
    seen.add(at);
    switch (at.kind) {
      case "read":
        return lossIn(stage, at, world, made);
      case "keep": {
        const id = keptIn(stage, at)!;
        const state = world.kept(id);
        if (state === "broken") return { kind: "keptLost", lost: [id] };
        if (state === "there") return undefined;
        made.push(id);
        return read(at.from);
      }
      case "apply":
      case "exchange":
        return read(at.from);
      case "concat":
      case "zip":
        return firstOf(at.from, read);
      case "cross":
        return firstOf([at.left, at.right], read);
    }
  };
  return read(flow) ?? { kind: "all", made };
}

function firstOf(
  flows: readonly Flow[],
  read: (flow: Flow) => Found | undefined,
): Found | undefined {
  for (const flow of flows) {
    const found = read(flow);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is missing of an exchange; `absent`: the kept partitions that were looked for in vain. */
function lossIn(
  stage: Stage,
  { input: index }: Extract<Flow, { kind: "read" }>,
  { locations, isThere }: World,
  absent: readonly KeptId[],
): Found | undefined {
  const input = stage.inputs[index]!;
  if (input.kind !== "exchange") return undefined;
  const location = locations.find(({ id }) => id === input.id);
  if (location === undefined) {
    if (absent.length === 0) throw new Error(`exchange ${input.id} is read, but not located`);
    return { kind: "keptLost", lost: [...absent] };
  }
  const partition = location.outputs.findIndex(({ file }) => !isThere(file));
  return partition < 0 ? undefined : { kind: "inputLost", exchange: input.id, partition };
}
