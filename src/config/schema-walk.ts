import { z } from "zod";
import { lookUp, type Section } from "./tree.ts";

/** One option or section of the schema, with the wrappers that give defaults taken off. */
export interface SchemaNode {
  readonly schema: z.core.$ZodType;
  /** The nearest `.describe(…)` text. */
  readonly description: string | undefined;
}

/** Takes off default, prefault, optional, nullable, readonly and all but the input side of pipes. */
export function unwrap(schema: z.core.$ZodType): SchemaNode {
  let here = schema;
  let description = descriptionOf(here);
  for (;;) {
    const def = (here as z.core.$ZodTypes)._zod.def;
    const inner = "innerType" in def ? def.innerType : def.type === "pipe" ? def.in : null;
    if (inner === null) return { schema: here, description };
    here = inner;
    description ??= descriptionOf(here);
  }
}

function descriptionOf(schema: z.core.$ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.description;
}

/**
 * The schema of the option at `path`, or null where the schema has none.
 * Of a union of kinds, the member that `config` names; the first where it names none.
 */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[], config: Section | null): SchemaNode | null {
  let node = member(unwrap(schema), config, []);
  for (const [depth, key] of path.entries()) {
    const next = childOf(node.schema, key);
    if (next === null) return null;
    node = member(unwrap(next), config, path.slice(0, depth + 1));
  }
  return node;
}

function childOf(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | null {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case "object":
      return Object.hasOwn(def.shape, key) ? (def.shape[String(key)] ?? null) : null;
    case "array":
      return def.element;
    case "tuple":
      return def.items[Number(key)] ?? null;
    case "record":
      return def.valueType;
    default:
      return null;
  }
}

function member(node: SchemaNode, config: Section | null, path: readonly PropertyKey[]): SchemaNode {
  const def = (node.schema as z.core.$ZodTypes)._zod.def;
  if (def.type !== "union") return node;
  const key = discriminatorOf(node.schema) ?? "kind";
  const found = config === null ? null : lookUp(config, [...path, key]);
  const kind = found?.found === true && found.tree.kind === "leaf" ? found.tree.value : null;
  const isNamed = (option: z.core.$ZodType) => literalsOf(childOf(unwrap(option).schema, key)).includes(kind);
  const option = def.options.find(isNamed) ?? def.options[0]!;
  const inner = unwrap(option);
  return { schema: inner.schema, description: node.description ?? inner.description };
}

/** The key that tells the members of a union apart; null for anything else. */
function discriminatorOf(schema: z.core.$ZodType): string | null {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  return def.type === "union" && "discriminator" in def ? String(def.discriminator) : null;
}

/** The discriminator of the union at `path`, looking into every member of the unions on the way; null where there is none. */
export function discriminatorAt(schema: z.core.$ZodType, path: readonly string[]): string | null {
  const here = unwrap(schema).schema;
  const [key, ...rest] = path;
  if (key === undefined) return discriminatorOf(here);
  const def = (here as z.core.$ZodTypes)._zod.def;
  const members = def.type === "union" ? def.options.map((option) => unwrap(option).schema) : [here];
  const children = members.flatMap((one) => childOf(one, key) ?? []);
  return children.map((one) => discriminatorAt(one, rest)).find((found) => found !== null) ?? null;
}

function literalsOf(schema: z.core.$ZodType | null): readonly unknown[] {
  if (schema === null) return [];
  const def = (unwrap(schema).schema as z.core.$ZodTypes)._zod.def;
  if (def.type === "enum") return Object.values(def.entries);
  return def.type === "literal" ? def.values : [];
}

/** The keys that a section of the schema knows. */
export function knownKeys(node: SchemaNode | null): string[] {
  if (node === null) return [];
  const def = (node.schema as z.core.$ZodTypes)._zod.def;
  return def.type === "object" ? Object.keys(def.shape) : [];
}

/** True for `z.int()`. */
export function isWholeNumber(node: SchemaNode | null): boolean {
  if (node === null) return false;
  const def = (node.schema as z.core.$ZodTypes)._zod.def;
  return def.type === "number" && "format" in def && def.format === "safeint";
}

/** Every place of the schema where an option is called `key`, as dotted paths, shallowest first. */
export function pathsOfKey(schema: z.core.$ZodType, key: string): string[] {
  return allPaths(schema).filter((path) => path === key || path.endsWith(`.${key}`));
}

/** Every option inside the sections of the section at `path`, as dotted paths, shallowest first. */
export function pathsBelow(schema: z.core.$ZodType, path: string): string[] {
  return allPaths(schema).filter((full) => path === "" || full.startsWith(`${path}.`));
}

function allPaths(schema: z.core.$ZodType): string[] {
  const found = new Set<string>();
  const visit = (here: z.core.$ZodType, path: string): void => {
    const def = (unwrap(here).schema as z.core.$ZodTypes)._zod.def;
    if (def.type === "union") for (const option of def.options) visit(option, path);
    if (def.type !== "object") return;
    for (const [name, value] of Object.entries(def.shape)) {
      const full = path === "" ? name : `${path}.${name}`;
      found.add(full);
      visit(value, full);
    }
  };
  visit(schema, "");
  return [...found].sort((a, b) => a.split(".").length - b.split(".").length);
}
