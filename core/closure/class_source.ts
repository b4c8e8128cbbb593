/**
 * How the text of a class is changed so that it can be made again elsewhere, as it is now.
 *
 *     class Account extends make(Base) {               class Account extends $$super   {
 *       static opened = connect();                       static opened = 0;
 *       [key()]() { … }                                  [$$keys[0]]() { … }
 *       #sum = start();                         ─►       #sum = $$making.on ? 0 : start();
 *       constructor(sum) { super(); … }                  constructor(sum) { if ($$making.on) {…} super(); … }
 *       static { register(this); }                       static {}
 *     }                                                  static { $$assign = (o, v) => { … o.#sum = … } } }
 *
 * Nothing of the user's runs a second time: superclass, computed keys and static fields travel as the values
 * they have, instances are made without their constructor's and initializers' code, and private
 * fields are set by a function that only the class itself can hold. Line numbers stay.
 */
import type { Class, MethodDefinition } from "acorn";

/** A piece of text put in place of another. */
export type Edit = Readonly<{ start: number; end: number; text: string }>;

/** What is known of a class by its text. */
export type ClassSyntax = Readonly<{
  /** Names without `#`, static ones too. */
  privateFields: readonly string[];
  /** The text of every method and accessor, as `toString` of its function gives it. */
  methodTexts: ReadonlySet<string>;
  /** Methods and accessors whose keys are computed, in the order of the text. */
  computed: readonly Readonly<{ text: string; isStatic: boolean }>[];
  /** Whether there is a superclass other than `null`. */
  hasSuperclass: boolean;
}>;

/** What the text of a class says; `text` is what the syntax tree's positions refer to. */
export function classSyntaxOf(node: Class, text: string): ClassSyntax {
  const privateFields: string[] = [];
  const methodTexts = new Set<string>();
  const computed: { text: string; isStatic: boolean }[] = [];
  for (const member of node.body.body) {
    if (member.type === "MethodDefinition") {
      const methodText = text.slice(member.start, member.end).replace(/^static\s+(?!\()/, "");
      methodTexts.add(methodText);
      if (member.computed) computed.push({ text: methodText, isStatic: member.static });
    } else if (member.type === "PropertyDefinition" && member.key.type === "PrivateIdentifier") {
      privateFields.push(member.key.name);
    }
  }
  return { privateFields, methodTexts, computed, hasSuperclass: hasSuperclass(node) };
}

/** The changes that make the text of a class one that can be made again. */
export function classEdits(node: Class, text: string): Edit[] {
  const edits: Edit[] = [];
  if (node.superClass && hasSuperclass(node)) {
    edits.push(replaced(node.superClass, "$$super", text));
  }
  let keys = 0;
  for (const member of node.body.body) {
    if (member.type === "StaticBlock") {
      edits.push(replaced(member, "static {}", text));
    } else if (member.type === "MethodDefinition") {
      if (member.kind === "constructor") edits.push(guarded(member, hasSuperclass(node)));
      if (member.computed) {
        edits.push(replaced(keyRange(member, text), `[$$keys[${keys++}]]`, text));
      }
    } else if (member.static && member.computed) {
      edits.push(replaced(member, ";", text));
    } else if (member.value && member.static) {
      edits.push(replaced(member.value, "0", text));
    } else if (member.value) {
      const start = member.value.start;
      edits.push({ start, end: start, text: "$$making.on ? 0 : " });
    }
  }
  const { privateFields } = classSyntaxOf(node, text);
  if (privateFields.length > 0) edits.push(assigner(node, privateFields));
  return edits;
}

/** `text` with all edits made. */
export function edited(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** Puts `text` where `range` is, filled up so that what follows keeps its line and, if it fits, column. */
export function replaced(
  range: Readonly<{ start: number; end: number }>,
  text: string,
  source: string,
): Edit {
  const rest = source.slice(range.start, range.end).slice(text.length);
  const linesBefore = source.slice(range.start, range.start + text.length).replace(/[^\n]/g, "");
  return {
    start: range.start,
    end: range.end,
    text: text + linesBefore + rest.replace(/[^\n]/g, " "),
  };
}

/** Where a computed key lies in the text, with its brackets. */
export function keyRange(
  member: MethodDefinition,
  text: string,
): Readonly<{ start: number; end: number }> {
  return {
    start: text.lastIndexOf("[", member.key.start),
    end: text.indexOf("]", member.key.end) + 1,
  };
}

function hasSuperclass(node: Class): boolean {
  return node.superClass != null &&
    !(node.superClass.type === "Literal" && node.superClass.value === null);
}

/** Ends the constructor at its start while an instance is being made without running it. */
function guarded(constructor: MethodDefinition, isDerived: boolean): Edit {
  const start = constructor.value.body.start + 1;
  const text = isDerived
    ? " if ($$making.on) { super(...$$superArguments); return; } "
    : " if ($$making.on) return; ";
  return { start, end: start, text };
}

function assigner(node: Class, fields: readonly string[]): Edit {
  const start = node.body.end - 1;
  const assignments = fields.map((name) => {
    const key = JSON.stringify(name);
    return `if ($v.has(${key}) && #${name} in $o) $o.#${name} = $v.get(${key});`;
  });
  const text = ` static { $$assign = ($o, $v) => { ${assignments.join(" ")} }; } `;
  return { start, end: start, text };
}
