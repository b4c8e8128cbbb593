/** Ways through a plan. They hold on to no call stack, so a lineage may be as long as it likes. */
import { inputsOf, type Node, type PlanId } from "./plan.ts";

/**
 * Every node that `root` is made of, each once, inputs before those who read them; `root` last.
 * `inputs` says what a node is made of, where that is not all that it reads from.
 */
export function inputsFirst<F, S, N>(
  root: Node<F, S, N>,
  inputs: (node: Node<F, S, N>) => readonly Node<F, S, N>[] = inputsOf,
): readonly Node<F, S, N>[] {
  const ordered: Node<F, S, N>[] = [];
  const seen = new Set<PlanId>([root.id]);
  const path = [{ node: root, inputs: inputs(root), next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const input = top.inputs[top.next++];
    if (input === undefined) {
      ordered.push(top.node);
      path.pop();
    } else if (!seen.has(input.id)) {
      seen.add(input.id);
      path.push({ node: input, inputs: inputs(input), next: 0 });
    }
  }
  return ordered;
}
