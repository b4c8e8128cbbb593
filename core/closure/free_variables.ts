/**
 * What a function uses of the code around it, found in its syntax tree.
 *
 * A walk with a chain of scopes: a name that no scope inside the function declares is free. Beside
 * the names it finds what cannot be carried by a variable: `this` and `arguments` of the function
 * around an arrow, `super`, private names of a class around, `import.meta`, `import()`.
 */
import type { AnyNode, ImportExpression, MetaProperty, Pattern, PrivateIdentifier } from "acorn";
import type { Class, Function as FunctionSyntax, StaticBlock } from "acorn";

/** What belongs to the function around an arrow and is no variable. */
export type OuterUse = "this" | "super" | "arguments";

/** What a function uses of the code around it. */
export type Usage = Readonly<{
  free: ReadonlySet<string>;
  /** Free names that are assigned to. */
  assigned: ReadonlySet<string>;
  /** Free names in computed keys of a class's fields that are used nowhere before. */
  fieldKeyNames: ReadonlySet<string>;
  /** What an arrow takes from the function around it. */
  outer: ReadonlySet<OuterUse>;
  /** Whether a method says `super` itself, not a function in it. */
  usesSuper: boolean;
  /** Whether it calls `eval` by name, so that the names it uses cannot be known. */
  callsEval: boolean;
  /** Private names that no class inside the function declares. */
  privateNames: ReadonlySet<string>;
  importMetas: readonly MetaProperty[];
  dynamicImports: readonly ImportExpression[];
}>;

type Scope = Readonly<{ names: Set<string>; ownsArguments: boolean; up: Scope | undefined }>;

/**
 * Whose `this` and `super` a piece of code has: those around the function (it is an arrow), the
 * function's own, or those of a function inside it.
 */
type Level = "around" | "own" | "inside";

/**
 * What the function or class `root` uses. A class counts as it will be made again from its text:
 * without its superclass expression, the computed keys of its methods, its static fields and blocks.
 */
export function usageOf(root: FunctionSyntax | Class): Usage {
  const walk = new UsageWalk();
  walk.start(root);
  return walk;
}

class UsageWalk implements Usage {
  readonly free = new Set<string>();
  readonly assigned = new Set<string>();
  readonly fieldKeyNames = new Set<string>();
  readonly outer = new Set<OuterUse>();
  readonly privateNames = new Set<string>();
  readonly importMetas: MetaProperty[] = [];
  readonly dynamicImports: ImportExpression[] = [];
  usesSuper = false;
  callsEval = false;
  #declaredPrivate: ReadonlySet<string>[] = [];

  start(root: FunctionSyntax | Class): void {
    const scope = newScope(undefined);
    if (isClass(root)) this.#rootClass(root, scope);
    else this.#function(root, scope, isArrow(root) ? "around" : "own");
  }

  #visit(node: AnyNode, scope: Scope, level: Level): void {
    switch (node.type) {
      case "Identifier":
        this.#use(node.name, scope, level);
        return;
      case "ThisExpression":
        if (level === "around") this.outer.add("this");
        return;
      case "Super":
        if (level === "around") this.outer.add("super");
        if (level === "own") this.usesSuper = true;
        return;
      case "MetaProperty":
        if (node.meta.name === "import") this.importMetas.push(node);
        return;
      case "ImportExpression":
        this.dynamicImports.push(node);
        break;
      case "PrivateIdentifier":
        this.#usePrivate(node);
        return;
      case "MemberExpression":
        this.#visit(node.object, scope, level);
        if (node.computed || node.property.type === "PrivateIdentifier") {
          this.#visit(node.property, scope, level);
        }
        return;
      case "Property":
        if (node.computed) this.#visit(node.key, scope, level);
        this.#visit(node.value, scope, level);
        return;
      case "LabeledStatement":
        this.#visit(node.body, scope, level);
        return;
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
        this.#function(node, scope, "inside");
        return;
      case "ArrowFunctionExpression":
        this.#function(node, scope, level);
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        this.#innerClass(node, scope, level);
        return;
      case "CallExpression":
        if (node.callee.type === "Identifier" && node.callee.name === "eval") this.callsEval = true;
        break;
      case "AssignmentExpression":
        this.#assign(node.left, scope);
        break;
      case "UpdateExpression":
        this.#assign(node.argument, scope);
        break;
      case "ForInStatement":
      case "ForOfStatement": {
        const inner = newScope(scope);
        if (node.left.type === "VariableDeclaration") declareBlock([node.left], inner);
        else this.#assign(node.left, inner);
        this.#children(node, inner, level);
        return;
      }
      case "ForStatement": {
        const inner = newScope(scope);
        if (node.init?.type === "VariableDeclaration") declareBlock([node.init], inner);
        this.#children(node, inner, level);
        return;
      }
      case "BlockStatement": {
        const inner = newScope(scope);
        declareBlock(node.body, inner);
        this.#children(node, inner, level);
        return;
      }
      case "SwitchStatement": {
        this.#visit(node.discriminant, scope, level);
        const inner = newScope(scope);
        for (const each of node.cases) declareBlock(each.consequent, inner);
        for (const each of node.cases) this.#children(each, inner, level);
        return;
      }
      case "CatchClause": {
        const inner = newScope(scope);
        if (node.param) eachName(node.param, (name) => inner.names.add(name));
        this.#children(node, inner, level);
        return;
      }
    }
    this.#children(node, scope, level);
  }

  #children(node: AnyNode, scope: Scope, level: Level): void {
    for (const child of childrenOf(node)) this.#visit(child, scope, level);
  }

  #function(node: FunctionSyntax, scope: Scope, level: Level): void {
    const inner = newScope(scope, !isArrow(node));
    if (node.type === "FunctionExpression" && node.id) inner.names.add(node.id.name);
    for (const parameter of node.params) eachName(parameter, (name) => inner.names.add(name));
    if (node.body.type === "BlockStatement") {
      hoist(node.body, inner);
      declareBlock(node.body.body, inner);
    }
    for (const parameter of node.params) this.#visit(parameter, inner, level);
    if (node.body.type === "BlockStatement") this.#children(node.body, inner, level);
    else this.#visit(node.body, inner, level);
  }

  /** Without what is not made again from the text (core/closure/class_source.ts). */
  #rootClass(node: Class, scope: Scope): void {
    if (node.id) scope.names.add(node.id.name);
    this.#declaredPrivate.push(privateNamesOf(node));
    for (const member of node.body.body) {
      if (member.type === "StaticBlock") continue;
      if (member.type === "PropertyDefinition") {
        if (member.static) continue;
        if (member.computed) this.#fieldKey(member.key, scope);
      }
      if (member.value) this.#visit(member.value, scope, "inside");
    }
    this.#declaredPrivate.pop();
  }

  /** Evaluated with the class, so the engine need not keep the variables for later. */
  #fieldKey(key: AnyNode, scope: Scope): void {
    const before = new Set(this.free);
    this.#visit(key, scope, "inside");
    for (const name of this.free) if (!before.has(name)) this.fieldKeyNames.add(name);
  }

  #innerClass(node: Class, scope: Scope, level: Level): void {
    const inner = newScope(scope);
    if (node.id) inner.names.add(node.id.name);
    if (node.superClass) this.#visit(node.superClass, inner, level);
    this.#declaredPrivate.push(privateNamesOf(node));
    for (const member of node.body.body) {
      if (member.type === "StaticBlock") {
        this.#staticBlock(member, inner);
        continue;
      }
      if (member.computed) this.#visit(member.key, inner, level);
      if (member.value) this.#visit(member.value, inner, "inside");
    }
    this.#declaredPrivate.pop();
  }

  #staticBlock(block: StaticBlock, scope: Scope): void {
    const inner = newScope(scope);
    hoist(block, inner);
    declareBlock(block.body, inner);
    this.#children(block, inner, "inside");
  }

  #use(name: string, scope: Scope, level: Level): void {
    if (isDeclared(name, scope)) return;
    if (name === "arguments" && level === "around") this.outer.add("arguments");
    else this.free.add(name);
  }

  #assign(target: Pattern | AnyNode, scope: Scope): void {
    eachName(target, (name) => {
      if (!isDeclared(name, scope)) this.assigned.add(name);
    });
  }

  #usePrivate(node: PrivateIdentifier): void {
    if (!this.#declaredPrivate.some((names) => names.has(node.name))) {
      this.privateNames.add(node.name);
    }
  }
}

function newScope(up: Scope | undefined, ownsArguments = false): Scope {
  return { names: new Set(), ownsArguments, up };
}

function isDeclared(name: string, scope: Scope): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.up) {
    if (at.names.has(name) || at.ownsArguments && name === "arguments") return true;
  }
  return false;
}

/** The names that a pattern, or any other target of an assignment, binds. */
function eachName(pattern: AnyNode, found: (name: string) => void): void {
  switch (pattern.type) {
    case "Identifier":
      found(pattern.name);
      return;
    case "ObjectPattern":
      for (const property of pattern.properties) {
        eachName(property.type === "RestElement" ? property.argument : property.value, found);
      }
      return;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) eachName(element, found);
      return;
    case "AssignmentPattern":
      eachName(pattern.left, found);
      return;
    case "RestElement":
      eachName(pattern.argument, found);
      return;
  }
}

/** Declares what a block declares for itself: `let`, `const`, `using`, functions and classes. */
function declareBlock(statements: readonly AnyNode[], scope: Scope): void {
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration") {
      for (const each of statement.declarations) {
        eachName(each.id, (name) => scope.names.add(name));
      }
    } else if (
      (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") &&
      statement.id
    ) {
      scope.names.add(statement.id.name);
    }
  }
}

/** Declares every `var` below `node` that belongs to the function around it. */
function hoist(node: AnyNode, scope: Scope): void {
  for (const child of childrenOf(node)) {
    if (isFunction(child) || isClass(child)) continue;
    if (child.type === "VariableDeclaration" && child.kind === "var") {
      declareBlock([child], scope);
    }
    hoist(child, scope);
  }
}

function privateNamesOf(node: Class): Set<string> {
  const names = new Set<string>();
  for (const member of node.body.body) {
    if (member.type !== "StaticBlock" && member.key.type === "PrivateIdentifier") {
      names.add(member.key.name);
    }
  }
  return names;
}

function isFunction(node: AnyNode): boolean {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

function isArrow(node: Readonly<{ type: string }>): boolean {
  return node.type === "ArrowFunctionExpression";
}

function isClass(node: Readonly<{ type: string }>): node is Class {
  return node.type === "ClassExpression" || node.type === "ClassDeclaration";
}

/** The parts of a node that are nodes, in the order of the text. */
function* childrenOf(node: AnyNode): Iterable<AnyNode> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const element of value) if (isNode(element)) yield element;
    } else if (isNode(value)) {
      yield value;
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value &&
    typeof value.type === "string";
}
