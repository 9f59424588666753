import { canonicalJson, sha256 } from "../core/hash.ts";
import { seedPath } from "./axes.ts";

/** An option that differs between points. */
export interface Factor {
  /** Dotted, such as `train.optimizer.learningRate`. */
  readonly path: string;
  /** Its shortest ending that no other factor has: `learningRate`. */
  readonly label: string;
}

/** Values by dotted option, plain JSON. */
export type Values = Readonly<Record<string, unknown>>;

/** Options that decide what is random, and nothing else. */
const seedPaths: ReadonlySet<string> = new Set(["seed", seedPath]);

/** The option that gives settings names of their own. */
const ownName = "name";

export const isSeed = (path: string): boolean => seedPaths.has(path);

/** The options that differ between points, in the order in which they were varied. */
export function factorsOf(points: readonly Values[]): Factor[] {
  const paths = [...new Set(points.flatMap((values) => Object.keys(values)))];
  const varying = paths.filter((path) => new Set(points.map((values) => keyOf(values, [path]))).size > 1);
  return varying.map((path) => ({ path, label: labelOf(path, varying) }));
}

/** Equal for equal values; an option that is not set is another value than null. */
const keyOf = (values: Values, paths: readonly string[]): string =>
  canonicalJson(paths.map((path) => (path in values ? [values[path]] : [])));

function labelOf(path: string, all: readonly string[]): string {
  const keys = path.split(".");
  const endings = keys.map((_, i) => keys.slice(i).join(".")).reverse();
  const isShared = (ending: string) => all.some((other) => other !== path && (other === ending || other.endsWith(`.${ending}`)));
  return endings.find((ending) => !isShared(ending)) ?? path;
}

/** Where points have names of their own, be it one alone: the name, and the factors without those that it decides, which it stands for. */
function notInName(points: readonly Values[], factors: readonly Factor[]): Factor[] {
  if (!points.some((values) => ownName in values)) return [...factors];
  const all = factors.some(({ path }) => path === ownName) ? factors : [{ path: ownName, label: ownName }, ...factors];
  const isDecided = (path: string) => {
    const by = new Map<string, string>();
    return points.every((values) => {
      const [name, value] = [keyOf(values, [ownName]), keyOf(values, [path])];
      const before = by.get(name) ?? value;
      by.set(name, before);
      return before === value;
    });
  };
  return all.filter(({ path }) => path === ownName || !isDecided(path));
}

/** Longest name of a point, characters; a longer one is cut and told apart by a hash. */
const longest = 96;

/**
 * Names of folders from what varies: `learningRate=0.001_kind=full`; `base` where nothing does. Equal values get equal names, others
 * never do: where two would, a hash tells them apart.
 *
 * @param of - Which of the factors a name tells.
 */
export function namesOf(points: readonly Values[], factors: readonly Factor[], of: (path: string) => boolean): string[] {
  const told = notInName(points, factors).filter(({ path }) => of(path));
  const keys = points.map((values) => keyOf(values, told.map(({ path }) => path))); // biome-ignore format: short
  const short = points.map((values) => shortName(told, values));
  const owners = new Map<string, Set<string>>();
  for (const [i, name] of short.entries()) owners.set(name, (owners.get(name) ?? new Set()).add(keys[i]!));
  return short.map((name, i) => {
    if (name.length <= longest && owners.get(name)!.size === 1) return name;
    return `${name.slice(0, longest)}~${sha256(keys[i]!).slice(0, 8)}`;
  });
}

function shortName(told: readonly Factor[], values: Values): string {
  const parts = told.flatMap(({ path, label }) =>
    path in values ? [`${path === ownName ? "" : `${label}=`}${wordOf(values[path])}`] : [],
  );
  return parts.length === 0 ? "base" : parts.join("_");
}

/** A value in letters that any file system takes: `[0.1, 0.4]` is `0.1-0.4`; long ones are a hash. */
function wordOf(value: unknown): string {
  const text = typeof value === "string" ? value : canonicalJson(value);
  const word = text.replaceAll(/[^\w.+-]+/g, "-").replaceAll(/^-(?!\d)|-$/g, "");
  return word.length > 0 && word.length <= 32 ? word : sha256(text).slice(0, 8);
}
