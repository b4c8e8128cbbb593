/**
 * The text of a function: parsed once, and turned into an expression that makes it again.
 *
 * Texts are as `toString` gives them, so they are JavaScript. What the new text needs that is no
 * variable of the user's has names of the same length as what it stands for, so that columns stay:
 * `$importMeta` for `import.meta`, `$$load` for `import`.
 */
import { type Class, type Function as FunctionSyntax, type Options, parse } from "acorn";
import {
  classEdits,
  type ClassSyntax,
  classSyntaxOf,
  type Edit,
  edited,
  keyRange,
  replaced,
} from "./class_source.ts";
import { type Usage, usageOf } from "./free_variables.ts";

/** A function's text, understood. */
export type FunctionSource = Readonly<{
  form: "expression" | "method" | "class";
  /** A JavaScript expression: the function, an object with the method in it, or the class. */
  code: string;
  usage: Usage;
  isArrow: boolean;
  isAsync: boolean;
  /** Where the engine's own idea of the function's position lies in the text: lines and columns from 0. */
  anchor: Readonly<{ line: number; column: number }>;
  /** Literal arguments of `import()`. */
  importedSpecifiers: readonly string[];
  class?: ClassSyntax;
}>;

const parseOptions: Options = {
  ecmaVersion: "latest",
  sourceType: "module",
  allowAwaitOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowReturnOutsideFunction: true,
  checkPrivateFields: false,
};

const sources = new Map<string, FunctionSource>();

/** Parses the text of a function, method or class; throws a SyntaxError where it is none. */
export function functionSourceOf(text: string): FunctionSource {
  let source = sources.get(text);
  if (source === undefined) {
    try {
      source = parsedExpression(text);
    } catch (error) {
      source = parsedMethod(text); // it cannot stand alone
      if (source === undefined) throw error;
    }
    sources.set(text, source);
  }
  return source;
}

function parsedExpression(text: string): FunctionSource {
  const whole = `(${text}\n)`;
  const statement = parse(whole, parseOptions).body[0];
  const node = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  switch (node?.type) {
    case "ClassExpression":
      return sourceOfClass(node, whole);
    case "ArrowFunctionExpression":
      return sourceOfFunction(node, whole, 1, 1);
    case "FunctionExpression":
      return sourceOfFunction(node, whole, 1, whole.indexOf("(", node.id?.end ?? node.start));
  }
  throw new SyntaxError("it is no function");
}

/** Methods, accessors and private methods are all at home in a class; an object holds the new one. */
function parsedMethod(text: string): FunctionSource | undefined {
  const whole = `(class {${text}\n})`;
  let statement;
  try {
    statement = parse(whole, parseOptions).body[0];
  } catch {
    return undefined;
  }
  const node = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  const member = node?.type === "ClassExpression" ? node.body.body[0] : undefined;
  if (member?.type !== "MethodDefinition") return undefined;
  // The key may be computed from variables or be private: any other will do.
  const key = replaced(member.computed ? keyRange(member, whole) : member.key, "m", whole);
  const source = sourceOfFunction(member.value, whole, "(class {".length, member.value.start, key);
  const inner = source.code.slice("(class {".length, -"\n})".length);
  return { ...source, form: "method", code: `({${inner}\n})` };
}

function sourceOfFunction(
  node: FunctionSyntax,
  whole: string,
  textStart: number,
  anchorAt: number,
  ...edits: Edit[]
): FunctionSource {
  const usage = usageOf(node);
  return {
    form: "expression",
    code: edited(whole, [...edits, ...moduleEdits(usage, whole)]),
    usage,
    isArrow: node.type === "ArrowFunctionExpression",
    isAsync: node.async,
    anchor: positionIn(whole.slice(textStart), anchorAt - textStart),
    importedSpecifiers: importedSpecifiersOf(usage),
  };
}

function sourceOfClass(node: Class, whole: string): FunctionSource {
  const usage = usageOf(node);
  const constructor = node.body.body.find((member) =>
    member.type === "MethodDefinition" && member.kind === "constructor"
  );
  const anchorAt = constructor?.type === "MethodDefinition" ? constructor.value.start : node.start;
  // What is replaced as a whole takes the edits inside it along.
  const changes = classEdits(node, whole);
  const inner = moduleEdits(usage, whole).filter((edit) =>
    !changes.some((change) => change.start <= edit.start && edit.end <= change.end)
  );
  return {
    form: "class",
    code: edited(whole, [...changes, ...inner]),
    usage,
    isArrow: false,
    isAsync: false,
    anchor: positionIn(whole.slice(1), anchorAt - 1),
    importedSpecifiers: importedSpecifiersOf(usage),
    class: classSyntaxOf(node, whole),
  };
}

function moduleEdits(usage: Usage, whole: string): Edit[] {
  return [
    ...usage.importMetas.map((node) => replaced(node, "$importMeta", whole)),
    ...usage.dynamicImports.map((node) => ({
      start: node.start,
      end: node.start + "import".length,
      text: "$$load",
    })),
  ];
}

function importedSpecifiersOf(usage: Usage): string[] {
  return usage.dynamicImports.flatMap(({ source }) =>
    source.type === "Literal" && typeof source.value === "string" ? [source.value] : []
  );
}

function positionIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length - 1, column: offset - lineStart };
}

/** What a name in a module stands for: an export of another module, "*" for all of it. */
export type ImportedName = Readonly<{ specifier: string; name: string }>;

/** The import declarations of a module, by local name; nothing where the text is no module. */
export function importsOf(moduleText: string): ReadonlyMap<string, ImportedName> {
  const imports = new Map<string, ImportedName>();
  let program;
  try {
    program = parse(moduleText, parseOptions);
  } catch {
    return imports;
  }
  for (const statement of program.body) {
    // What an attribute asks for (JSON, text, bytes) is data: it travels by value.
    if (statement.type !== "ImportDeclaration" || statement.attributes.length > 0) continue;
    const specifier = String(statement.source.value);
    for (const each of statement.specifiers) {
      imports.set(each.local.name, { specifier, name: importedNameOf(each) });
    }
  }
  return imports;
}

type Specifier = Extract<
  ReturnType<typeof parse>["body"][number],
  { type: "ImportDeclaration" }
>["specifiers"][number];

function importedNameOf(each: Specifier): string {
  switch (each.type) {
    case "ImportNamespaceSpecifier":
      return "*";
    case "ImportDefaultSpecifier":
      return "default";
    case "ImportSpecifier":
      return each.imported.type === "Identifier" ? each.imported.name : String(each.imported.value);
  }
}
