/** The lambdas that fit records of a shape, and the shape of what they make. */
import { isList, isPair, type Shape } from "./shapes.ts";

export type LambdaChoice = readonly [name: string, shape: Shape];

export function mapChoices({ shape }: { shape: Shape }): LambdaChoice[] {
  const all: LambdaChoice[] = [["one", { key: shape, value: "number" }]];
  if (shape === "number") {
    all.push(["plusOne", "number"], ["modulo7", "number"], ["negative", "number"]);
    all.push(["toText", "text"], ["withModulo3", { key: "number", value: "number" }]);
  } else if (shape === "text") {
    all.push(["codePoints", "number"], ["exclaimed", "text"], ["begin", "text"]);
    all.push(["withLength", { key: "number", value: "text" }]);
  } else if (shape === "flag") {
    all.push(["not", "flag"]);
  } else if (shape === "date") {
    all.push(["dayLater", "date"], ["year", "number"]);
  } else if (isPair(shape)) {
    all.push(["swap", { key: shape.value, value: shape.key }]);
    all.push(["nest", { key: shape, value: "number" }], ["around", { ...shape, value: shape }]);
  } else if (isList(shape)) {
    all.push(["size", "number"]);
  }
  return all;
}

export function filterChoices(shape: Shape): string[] {
  if (shape === "number") return ["isSmall", "isPositive", "isSomething"];
  return shape === "text" ? ["isLong", "isSomething"] : ["isSomething"];
}

export function flatMapChoices({ shape }: { shape: Shape }): LambdaChoice[] {
  const all: LambdaChoice[] = [["twice", shape], ["twice", shape], ["twice", shape], [
    "none",
    shape,
  ]];
  if (shape === "number") all.push(["andNext", shape], ["andNext", shape]);
  if (shape === "text") all.push(["words", "text"], ["letters", "text"], ["words", "text"]);
  if (isList(shape)) all.push(["elements", shape.elements], ["elements", shape.elements]);
  return all;
}

/** The lambdas that merge two values, in any order. */
export function mergeChoices(shape: Shape): string[] {
  if (shape === "number") return ["add", "larger"];
  return shape === "text" ? ["later"] : [];
}

export function keyChoices(shape: Shape): LambdaChoice[] {
  if (shape === "number") return [["modulo7", "number"], ["identity", "number"]];
  if (shape === "text") return [["codePoints", "number"], ["begin", "text"], ["identity", "text"]];
  return [["identity", shape]];
}
