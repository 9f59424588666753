import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar, type YAMLMap } from "yaml";
import { type Entry, forbiddenKeys, type Mistake, type Place, type Tree } from "./tree.ts";

/** Deepest nesting of a config; the schema needs far less. */
const deepest = 32;
/** Most values of a config once its aliases are followed; an alias bomb has more. */
const mostValues = 20_000;

/** What was read: a tree, unless the text is no YAML, or too much of it. A value with a mistake is null in it. */
export interface Parsed {
  readonly tree: Tree | null;
  readonly mistakes: readonly Mistake[];
}

/** Says where a character of a source text is. */
export type Locate = (line: number, column: number) => Place;

interface Walk {
  readonly document: Document;
  readonly placeOf: (offset: number) => Place;
  readonly mistakes: Mistake[];
  readonly active: Set<unknown>;
  values: number;
  /** Too large or too deep to be taken for a config at all. */
  tooMuch: boolean;
}

/**
 * Parses one YAML 1.2 document (core schema) into a tree with places. Everything that YAML allows and that would surprise
 * in a config is a mistake: tags, several documents, keys twice, numbers that lose digits, cycles, alias bombs, deep nesting.
 */
export function parseYaml(text: string, locate: Locate): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: "core",
    version: "1.2",
    keepSourceTokens: false,
  });
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return locate(Math.max(1, line), Math.max(1, col));
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const first = faults
      .slice(0, 10)
      .map((fault) => ({ at: placeOf(fault.pos[0]), message: yamlMessage(fault.code, fault.message) }));
    return { tree: null, mistakes: first };
  }
  if (document.contents === null)
    return { tree: null, mistakes: [{ at: locate(1, 1), message: "must not be empty; got nothing" }] };
  const walk: Walk = { document, placeOf, mistakes: [], active: new Set(), values: 0, tooMuch: false };
  const tree = convert(walk, document.contents, 0);
  return { tree: walk.tooMuch ? null : tree, mistakes: walk.mistakes };
}

const plainWords: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "a key may stand only once in a section; remove one of the two"],
  ["TAB_AS_INDENT", "a tab may not indent; use spaces"],
  ["MULTIPLE_DOCS", "a config is one YAML document; got a second one; remove the `---` and what follows it"],
  ["RESOURCE_EXHAUSTION", `nested too deeply; at most ${deepest} levels`],
  ["BLOCK_AS_IMPLICIT_KEY", "a second `key:` on one line; start a new line, or put the text in quotes"],
]);

function yamlMessage(code: string, message: string): string {
  if (code === "TAG_RESOLVE_FAILED")
    return `tags have no meaning in a config; got ${message.replace("Unresolved tag: ", "")}; remove it`;
  return plainWords.get(code) ?? `not valid YAML: ${message.replaceAll(/\s+/g, " ")}`;
}

function convert(walk: Walk, node: unknown, depth: number): Tree {
  const at = placeOfNode(walk, node);
  const nothing: Tree = { kind: "leaf", at, value: null };
  if (++walk.values > mostValues) return giveUp(walk, at, `too large: more than ${mostValues} values once aliases are followed`);
  if (depth > deepest) return giveUp(walk, at, `nested too deeply; at most ${deepest} levels`);
  if (isAlias(node)) return convertAlias(walk, node.source, node.resolve(walk.document), at, depth);
  if (hasTag(node)) return fail(walk, at, `tags have no meaning in a config; got ${node.tag}; remove it`, nothing);
  if (isScalar(node)) return convertScalar(walk, node, at);
  walk.active.add(node);
  try {
    if (isMap(node)) return { kind: "section", at, entries: convertEntries(walk, node, depth) };
    if (isSeq(node)) return { kind: "list", at, items: node.items.map((item) => convert(walk, item, depth + 1)) };
    return nothing;
  } finally {
    walk.active.delete(node);
  }
}

function hasTag(node: unknown): node is { tag: string } {
  return typeof node === "object" && node !== null && "tag" in node && typeof node.tag === "string";
}

function placeOfNode(walk: Walk, node: unknown): Place {
  const range = typeof node === "object" && node !== null && "range" in node ? (node.range as readonly number[] | null) : null;
  return walk.placeOf(range?.[0] ?? 0);
}

function fail(walk: Walk, at: Place, message: string, instead: Tree): Tree {
  if (walk.mistakes.length < 10) walk.mistakes.push({ at, message });
  return instead;
}

function giveUp(walk: Walk, at: Place, message: string): Tree {
  walk.tooMuch = true;
  return fail(walk, at, message, { kind: "leaf", at, value: null });
}

function convertAlias(walk: Walk, name: string, target: unknown, at: Place, depth: number): Tree {
  if (target === undefined) return fail(walk, at, `*${name} names no anchor above it`, { kind: "leaf", at, value: null });
  const endless = "an anchor contains its own alias; a config cannot be endless";
  if (walk.active.has(target)) return fail(walk, at, endless, { kind: "leaf", at, value: null });
  return convert(walk, target, depth + 1);
}

function convertEntries(walk: Walk, map: YAMLMap, depth: number): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { key, value } of map.items) {
    const at = placeOfNode(walk, key);
    const name = keyName(key);
    if (walk.values > mostValues) break; // the limit has been reported; going on would be the bomb
    if (name === null) fail(walk, at, "a key must be text; put it in quotes", { kind: "leaf", at, value: null });
    else if (forbiddenKeys.has(name)) fail(walk, at, `"${name}" cannot be a key`, { kind: "leaf", at, value: null });
    else if (entries.has(name)) fail(walk, at, plainWords.get("DUPLICATE_KEY")!, { kind: "leaf", at, value: null });
    else entries.set(name, { at, value: value === null ? { kind: "leaf", at, value: null } : convert(walk, value, depth + 1) });
  }
  return entries;
}

function keyName(key: unknown): string | null {
  if (!isScalar(key)) return null;
  if (typeof key.value === "string") return key.value;
  return typeof key.source === "string" && key.source !== "" ? key.source : null;
}

function convertScalar(walk: Walk, node: Scalar, at: Place): Tree {
  const { value, source = "" } = node;
  const leaf = (kept: string | number | boolean | null): Tree => ({ kind: "leaf", at, value: kept });
  if (typeof value === "number") {
    const problem = numberProblem(value, source);
    return problem === null ? leaf(value + 0 /* -0 is 0 */) : fail(walk, at, problem, leaf(null));
  }
  if (typeof value === "string") {
    const variable = /\$\{[^}]*\}/.exec(value)?.[0];
    return variable === undefined ? leaf(value) : fail(walk, at, unread(variable), leaf(null));
  }
  if (typeof value === "boolean" || value === null) return leaf(value);
  return fail(walk, at, `must be text, a number, true, false or null; got ${source}`, leaf(null));
}

/** A config must give the same run on every machine, so it reads no environment. */
function unread(variable: string): string {
  return `${variable} would be read from nowhere: a config does not look at environment variables; write the value, or give it with --set`;
}

function numberProblem(value: number, source: string): string | null {
  if (!Number.isFinite(value)) return `must be a finite number; got ${source}`;
  if (/^[-+]?0\d/.test(source))
    return `a number may not start with a zero; got ${source}; write ${value}, or "${source}" for text`;
  const whole = /^[-+]?(\d+|0x[0-9a-fA-F]+|0o[0-7]+)$/.test(source);
  if (whole && !Number.isSafeInteger(value)) return `a whole number must be within ±2^53 to keep its digits; got ${source}`;
  return null;
}
