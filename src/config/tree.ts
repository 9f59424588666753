/** Where a value of a config was written. */
export interface Place {
  /** For a person: `configs/x.yaml:7:3`, or `--set train.epochs`. */
  readonly where: string;
  /** Folder that a relative path written here starts from. */
  readonly folder: string;
}

/** Something wrong with a config, and where it was written. */
export interface Mistake {
  readonly at: Place;
  /** Rule, got, way out; one line. */
  readonly message: string;
}

/** A config before it is checked: plain data in which every value still knows where it was written. */
export type Tree = Leaf | List | Section;

export interface Leaf {
  readonly kind: "leaf";
  readonly at: Place;
  readonly value: string | number | boolean | null;
}

export interface List {
  readonly kind: "list";
  readonly at: Place;
  readonly items: readonly Tree[];
}

export interface Section {
  readonly kind: "section";
  readonly at: Place;
  /** A Map, because with a plain object `__proto__` would be a key with powers. */
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  /** Where the key was written; the value has its own place. */
  readonly at: Place;
  readonly value: Tree;
}

/** Keys that JavaScript objects give a meaning of their own; no option is called so. */
export const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** The key that tells the kinds of the union at a path apart, or null where the schema has no union of sections. */
export type DiscriminatorAt = (path: readonly string[]) => string | null;

/**
 * `over` laid on `base`: sections merge key by key, everything else replaces.
 * A section of a union that names another kind than the base starts afresh, since the old keys belong to the old kind.
 */
export function mergeTrees(base: Tree, over: Tree, discriminatorAt: DiscriminatorAt, path: readonly string[] = []): Tree {
  if (base.kind !== "section" || over.kind !== "section" || otherKind(base, over, discriminatorAt(path))) return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const old = base.entries.get(key);
    const value = old === undefined ? entry.value : mergeTrees(old.value, entry.value, discriminatorAt, [...path, key]);
    entries.set(key, { at: entry.at, value });
  }
  return { kind: "section", at: over.at, entries };
}

/**
 * What is left of `sized`, which is to be laid over `base` with `over` on it: `over` has the last word in all that it says itself, and where it names
 * another kind of a section of a union than `base`, `sized` holds options of the old kind.
 */
export function leftOpen(
  sized: Section,
  base: Tree | undefined,
  over: Section,
  discriminatorAt: DiscriminatorAt,
  path: readonly string[] = [],
): Section {
  const entries = [...sized.entries].flatMap(([key, entry]): [string, Entry][] => {
    const now = over.entries.get(key)?.value;
    if (now === undefined) return [[key, entry]];
    if (now.kind !== "section" || entry.value.kind !== "section") return [];
    const old = base?.kind === "section" ? base.entries.get(key)?.value : undefined;
    const here = [...path, key];
    if (old?.kind === "section" && otherKind(old, now, discriminatorAt(here))) return [];
    return [[key, { at: entry.at, value: leftOpen(entry.value, old, now, discriminatorAt, here) }]];
  });
  return { ...sized, entries: new Map(entries) };
}

function otherKind(base: Section, over: Section, discriminator: string | null): boolean {
  if (discriminator === null) return false;
  const [old, now] = [base, over].map((section) => section.entries.get(discriminator)?.value);
  return old?.kind === "leaf" && now?.kind === "leaf" && old.value !== now.value;
}

/** The tree with the value at `path` replaced, not merged; sections that are missing on the way are made. */
export function setAt(tree: Tree, path: readonly string[], value: Tree): Tree | Mistake {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (tree.kind === "leaf") {
    const where = `${shown(tree)} (${tree.at.where})`;
    return { at: value.at, message: `cannot set ${key} inside ${where}, which is not a section` };
  }
  if (tree.kind === "list") return setItem(tree, key, rest, value);
  const next = setAt(tree.entries.get(key)?.value ?? emptySection(value.at), rest, value);
  if (isMistake(next)) return next;
  const entries = new Map(tree.entries).set(key, { at: value.at, value: next });
  return { kind: "section", at: tree.at, entries };
}

function setItem(list: List, key: string, rest: readonly string[], value: Tree): Tree | Mistake {
  const index = /^\d+$/.test(key) ? Number(key) : -1;
  const old = list.items[index];
  if (old === undefined) {
    const range = list.items.length === 0 ? "it is empty" : `its items are 0 to ${list.items.length - 1}`;
    return { at: value.at, message: `the list at ${list.at.where} has no item ${key}; ${range}` };
  }
  const next = setAt(old, rest, value);
  return isMistake(next) ? next : { ...list, items: list.items.with(index, next) };
}

/** True for a {@link Mistake}, false for a {@link Tree}. */
export function isMistake(value: Tree | Mistake): value is Mistake {
  return "message" in value;
}

export function emptySection(at: Place): Section {
  return { kind: "section", at, entries: new Map() };
}

/** The plain value of a tree; objects have no prototype. */
export function plain(tree: Tree): unknown {
  if (tree.kind === "leaf") return tree.value;
  if (tree.kind === "list") return tree.items.map(plain);
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of tree.entries) out[key] = plain(entry.value);
  return out;
}

/** The tree at `path`, or as deep towards it as the config goes; `found` says which. */
export function lookUp(tree: Tree, path: readonly PropertyKey[]): { tree: Tree; found: boolean } {
  let here = tree;
  for (const key of path) {
    const next = here.kind === "section" ? here.entries.get(String(key))?.value : child(here, key);
    if (next === undefined) return { tree: here, found: false };
    here = next;
  }
  return { tree: here, found: true };
}

function child(tree: List | Leaf, key: PropertyKey): Tree | undefined {
  return tree.kind === "list" ? tree.items[Number(key)] : undefined;
}

/** A value as a message shows it, at most 60 characters. */
export function shown(tree: Tree): string {
  if (tree.kind === "section")
    return `a section with ${tree.entries.size === 0 ? "no keys" : [...tree.entries.keys()].join(", ")}`;
  if (tree.kind === "list")
    return tree.items.length <= 4 && tree.items.every(isLeaf) ? shownList(tree.items) : `a list of ${tree.items.length}`;
  if (tree.value === null) return "nothing";
  const text = typeof tree.value === "string" ? `the text ${JSON.stringify(tree.value)}` : String(tree.value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function isLeaf(tree: Tree): tree is Leaf {
  return tree.kind === "leaf";
}

function shownList(items: readonly Leaf[]): string {
  const text = `[${items.map(({ value }) => String(value)).join(", ")}]`;
  return text.length <= 60 ? text : `a list of ${items.length}`;
}
