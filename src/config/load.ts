import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { z } from "zod";
import { UserError } from "../core/errors.ts";
import { naturalOrder } from "../core/natural-order.ts";
import { explainIssues } from "./explain.ts";
import { isInside, isThere, projectRoot, readConfigText, realPath } from "./files.ts";
import { discriminatorAt } from "./schema-walk.ts";
import {
  type DiscriminatorAt,
  type Entry,
  emptySection,
  forbiddenKeys,
  isMistake,
  leftOpen,
  type Mistake,
  mergeTrees,
  type Place,
  plain,
  type Section,
  setAt,
  type Tree,
} from "./tree.ts";
import { type Parsed, parseYaml } from "./yaml.ts";

/** One `--set key=value`, or an option that stands for one: `--seed 3` is `seed=3` written as `--seed`. */
export interface Override {
  /** Dotted path, such as `train.optimizer.learningRate`. */
  readonly path: string;
  /** A YAML value. */
  readonly value: string;
  /** How a message names it: `--set train.steps`. */
  readonly where: string;
}

/** Longest chain of `extends`. */
const longestChain = 16;

/**
 * Reads a config and everything that it `extends`, lays `overrides` on top, and checks the whole against `schema`.
 * Lists and single values replace; sections merge.
 *
 * @param file - As the user wrote it; messages name files relative to the same folder.
 * @returns The checked value, and the tree that it was read from: where each value was written.
 * @throws {UserError} (usage) With every mistake at once, one a line: `file:line:column rule; got; way out`.
 */
export async function loadConfig<T>(file: string, schema: z.ZodType<T>, overrides: readonly Override[] = []): Promise<Loaded<T>> {
  const { tree, mistakes } = await readConfig(file, schema, overrides);
  return checkTree(tree, schema, mistakes);
}

/** A config before it is checked, with what is wrong with single values. */
export interface Unchecked {
  readonly tree: Section;
  readonly mistakes: readonly Mistake[];
}

/** The first half of {@link loadConfig}: all but the check against the schema, which only says here where sections are of other kinds. */
export async function readConfig(file: string, schema: z.ZodType, overrides: readonly Override[] = []): Promise<Unchecked> {
  const root = await realPath(projectRoot(dirname(resolve(file))));
  const kindKeyAt = (path: readonly string[]) => discriminatorAt(schema, path);
  const merge = (base: Section, over: Section) => mergeTrees(withSizesFor(over, base, kindKeyAt), over, kindKeyAt) as Section;
  const mistakes: Mistake[] = [];
  const whole = await readChain({ file: resolve(file), where: file }, { root, merge, mistakes }, []);
  const [sized, rest] = [overrides.filter(({ path }) => path === "size"), overrides.filter(({ path }) => path !== "size")];
  const tree = atSize(applyOverrides(whole, sized, mistakes), merge, mistakes);
  return { tree: applyOverrides(tree, rest, mistakes), mistakes };
}

/** A config whose sizes say nothing of what the config that extends it says itself. */
function withSizesFor(over: Section, base: Section, kindKeyAt: DiscriminatorAt): Section {
  const sizes = base.entries.get("sizes");
  if (sizes?.value.kind !== "section") return base;
  const kept = [...sizes.value.entries].map(([name, { at, value }]): [string, Entry] => {
    return [name, { at, value: value.kind === "section" ? leftOpen(value, base, over, kindKeyAt) : value }];
  });
  const value: Section = { ...sizes.value, entries: new Map(kept) };
  return { ...base, entries: new Map(base.entries).set("sizes", { at: sizes.at, value }) };
}

/** The size of a config that has several and is given none. */
const usualSize = "small";

/** A config at one of its `sizes`: what that size says is laid over the rest, and of `sizes` and `size` nothing is left but `atSize`, its name. */
function atSize(tree: Section, merge: Chain["merge"], mistakes: Mistake[]): Section {
  const [sizes, size] = [tree.entries.get("sizes"), tree.entries.get("size")];
  const entries = new Map(tree.entries);
  entries.delete("sizes");
  entries.delete("size");
  const rest = { ...tree, entries };
  if (sizes === undefined) {
    if (size !== undefined) mistakes.push({ at: size.at, message: sizelessMessage(tree, size.value) });
    return rest;
  }
  const found = sizes.value.kind === "section" ? sizes.value.entries : new Map<string, Entry>();
  const name = size === undefined ? usualSize : plain(size.value);
  const own = typeof name === "string" ? found.get(name)?.value : undefined;
  const at = size?.value.at ?? sizes.at;
  if (own?.kind === "section") {
    const sized = merge(rest, own);
    const named: Entry = { at, value: { kind: "leaf", at, value: name as string } };
    return { ...sized, entries: new Map(sized.entries).set("atSize", named) };
  }
  const message = `size must be one of ${[...found.keys()].join(", ")}; got ${JSON.stringify(name)}`;
  mistakes.push({ at, message });
  return rest;
}

/** What is said of a `size` where the config has no sizes. */
function sizelessMessage({ entries }: Section, size: Tree): string {
  const taken = entries.get("atSize")?.value;
  return taken === undefined
    ? `size goes with a config that has sizes; this one has none; got ${JSON.stringify(plain(size))}. Leave it out`
    : `size goes with a config that has sizes; this is one at size ${plain(taken)}; got ${JSON.stringify(plain(size))}. Name the config that it was made from`;
}

/** {@link loadConfig} for a config that is not a file, such as `data: { kind: phantom }` with overrides. `where` names it in messages. */
export function parseConfig<T>(
  text: string,
  where: string,
  schema: z.ZodType<T>,
  overrides: readonly Override[] = [],
): Loaded<T> {
  const mistakes: Mistake[] = [];
  const tree = sectionOf(
    parseYaml(text, () => ({ where, folder: process.cwd() })),
    mistakes,
  );
  const whole = atSize(applyOverrides(tree, overrides, mistakes), (base) => base, mistakes); // it has no sizes
  return checkTree(whole, schema, mistakes);
}

/** A checked config. */
export interface Loaded<T> {
  readonly value: T;
  readonly tree: Section;
}

interface ConfigFile {
  readonly file: string;
  readonly where: string;
}

interface Chain {
  /** The folder that `extends` may not leave. */
  readonly root: string;
  readonly merge: (base: Section, over: Section) => Section;
  /** Filled with what is wrong with single values, so that it can be said together with what the schema finds. */
  readonly mistakes: Mistake[];
}

async function readChain(config: ConfigFile, chain: Chain, above: readonly string[]): Promise<Section> {
  const here = [...above, await realPath(config.file)];
  const folder = dirname(config.file);
  const text = await readConfigText(config.file, config.where);
  const parsed = parseYaml(text, (line, column) => ({ where: `${config.where}:${line}:${column}`, folder }));
  const { bases, own } = splitExtends(sectionOf(parsed, chain.mistakes));
  let merged = emptySection(own.at);
  for (const base of bases) {
    const next = await baseFile(base, config, chain.root, here);
    merged = chain.merge(merged, await readChain(next, chain, here));
  }
  return chain.merge(merged, own);
}

interface Base {
  readonly at: Place;
  readonly path: string;
}

function splitExtends(tree: Section): { bases: readonly Base[]; own: Section } {
  const entry = tree.entries.get("extends");
  if (entry === undefined) return { bases: [], own: tree };
  const entries = new Map(tree.entries);
  entries.delete("extends");
  const values = entry.value.kind === "list" ? entry.value.items : [entry.value];
  const bases = values.map((value) => {
    if (value.kind === "leaf" && typeof value.value === "string" && value.value !== "")
      return { at: value.at, path: value.value };
    throw configFault([{ at: value.at, message: "extends must be the path of a config file, or a list of them" }]);
  });
  return { bases, own: { ...tree, entries } };
}

/** What helps where a config extends one of another project. */
const outside = "Move this file into the project of the other, or copy the other, and what it extends, beside this one";

const shownRelative = (folder: string, file: string): string => relative(folder, file).replaceAll("\\", "/");

async function baseFile({ at, path }: Base, from: ConfigFile, root: string, chain: readonly string[]): Promise<ConfigFile> {
  const fail = (rule: string, wayOut?: string) =>
    configFault([{ at, message: `extends ${rule}; got ${JSON.stringify(path)}${wayOut === undefined ? "" : `. ${wayOut}.`}` }]);
  if (path.includes("\\") || /^[A-Za-z]:/.test(path)) throw fail("must be written with forward slashes, relative to this file");
  if (path.startsWith("~")) throw fail("must be relative to this file", outside);
  if (!/\.(ya?ml|json)$/.test(path)) throw fail("must name a .yaml file");
  const file = resolve(dirname(from.file), path);
  const real = await realPath(file);
  if (!isInside(real, root))
    throw fail(`must stay inside the project (${relative(process.cwd(), root) || "this folder"})`, outside);
  if (isAbsolute(path)) throw fail("must be relative to this file", `Write ${shownRelative(dirname(from.file), file)}`);
  if (chain.includes(real)) throw fail("must not lead back to a file that it came from");
  if (chain.length >= longestChain) throw fail(`may be at most ${longestChain} deep`);
  if (!isThere(file)) throw fail("must name a file that is there");
  return { file, where: join(dirname(from.where), path) };
}

function applyOverrides(tree: Section, overrides: readonly Override[], mistakes: Mistake[]): Section {
  let here: Tree = tree;
  for (const { path, value, where } of overrides) {
    const at: Place = { where, folder: process.cwd() };
    const parsed = parseYaml(value, () => at);
    const problem = overrideProblem(path, value);
    if (problem !== null) mistakes.push({ at, message: problem });
    else if (parsed.tree === null || parsed.mistakes.length > 0) mistakes.push(...parsed.mistakes);
    else {
      const next = setAt(here, path.split("."), parsed.tree);
      if (isMistake(next)) mistakes.push(next);
      else here = next;
    }
  }
  return here.kind === "section" ? here : emptySection(here.at);
}

/** A dotted path to an option, such as `train.steps`. */
export const dottedPath = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

function overrideProblem(path: string, value: string): string | null {
  if (!dottedPath.test(path))
    return `must be written key=value with a dotted key such as train.steps; got ${JSON.stringify(path)}`;
  if (path.split(".").some((key) => forbiddenKeys.has(key))) return `cannot set ${path}`;
  if (path === "extends") return "extends can be set in a file only";
  return value.trim() === "" ? "needs a value after the `=`; write null or '' if that is meant" : null;
}

/**
 * @param mistakes - Found before the schema was asked; where one of them stands, the schema has nothing to add.
 * @throws {UserError} (usage) With every mistake at once.
 */
export function checkTree<T>(tree: Section, schema: z.ZodType<T>, mistakes: readonly Mistake[] = []): Loaded<T> {
  const found = [...mistakes];
  const loaded = examineTree(tree, schema, found);
  if (loaded !== null && found.length === 0) return loaded;
  throw configFault(found);
}

/** {@link checkTree} that adds to `mistakes` what the schema finds, and then gives null. */
export function examineTree<T>(tree: Section, schema: z.ZodType<T>, mistakes: Mistake[]): Loaded<T> | null {
  const parsed = schema.safeParse(plain(tree));
  if (parsed.success) return { value: parsed.data, tree };
  const known = new Set(mistakes.map(({ at }) => at.where));
  mistakes.push(...explainIssues(tree, schema, parsed.error.issues).filter(({ at }) => !known.has(at.where)));
  return null;
}

function sectionOf(parsed: Parsed, mistakes: Mistake[]): Section {
  const { tree } = parsed;
  if (tree === null) throw configFault([...mistakes, ...parsed.mistakes]);
  mistakes.push(...parsed.mistakes);
  if (tree.kind === "section") return tree;
  throw configFault([{ at: tree.at, message: "a config must be `key: value` lines; got something else" }]);
}

/** The mistakes of a config as one error, one a line in the order of the file, each line once. */
export function configFault(mistakes: readonly Mistake[]): UserError {
  const lines = new Set(mistakes.map(lineOf));
  const inOrder = [...lines].sort(naturalOrder); // line 7 before line 12
  return new UserError("usage", inOrder.join("\n"));
}

/** `file:line:column key rule`, or `--set key rule`, the key once. */
function lineOf({ at, message }: Mistake): string {
  const set = /^--set (\S+)$/.exec(at.where)?.[1];
  return set !== undefined && message.startsWith(`${set} `) ? `--set ${message}` : `${at.where} ${message}`;
}
