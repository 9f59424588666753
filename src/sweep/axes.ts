import { forbiddenKeys, type Mistake, type Place, type Section, type Tree } from "../config/tree.ts";
import { between, pick, type Rng, seededRng } from "../core/rng.ts";
import type { DrawOptions, SweepOptions } from "./options.ts";

/** What one choice of an axis sets: values by dotted option, each with the place where it was written. */
export type Choice = ReadonlyMap<string, Tree>;

/** One direction of a sweep: choices, one of which each point takes. */
export type Axis = readonly Choice[];

/** The option that `sweep.seeds` sets. */
export const seedPath = "train.seed";

/**
 * The directions of a sweep, those that vary slowest first: `grid` in the order of its options, `zip`, `list`, `random`, `seeds`.
 *
 * @param tree - The `sweep` section that `options` were read from: it knows where each value was written.
 * @param mistakes - Gets options that are set by two axes, and those that cannot be set.
 */
export function axesOf(options: SweepOptions, tree: Section, mistakes: Mistake[]): Axis[] {
  const section = (...path: string[]) => path.reduce((here, key) => here.entries.get(key)!.value as Section, tree);
  const axes: Axis[] = [];
  if (options.grid !== undefined)
    for (const [path, { value }] of section("grid").entries) axes.push(itemsOf(value).map((item) => new Map([[path, item]])));
  if (options.zip !== undefined) {
    const lists = [...section("zip").entries].map(([path, { value }]) => [path, itemsOf(value)] as const);
    axes.push(lists[0]![1].map((_, i) => new Map(lists.map(([path, items]) => [path, items[i]!]))));
  }
  if (options.list !== undefined)
    axes.push(
      itemsOf(tree.entries.get("list")!.value).map(
        (item) => new Map([...(item as Section).entries].map(([path, { value }]) => [path, value])),
      ),
    );
  if (options.random !== undefined) axes.push(drawnAxis(options.random, section("random", "draw")));
  if (options.seeds !== undefined)
    axes.push(itemsOf(tree.entries.get("seeds")!.value).map((item) => new Map([[seedPath, item]])));
  mistakes.push(...clashes(axes));
  return axes;
}

const itemsOf = (tree: Tree): readonly Tree[] => (tree.kind === "list" ? tree.items : []);

/** Each option has a stream of its own, so that one more option, or a larger count, leaves what the others get. */
function drawnAxis({ count, seed, draw }: NonNullable<SweepOptions["random"]>, written: Section): Axis {
  const rng = seededRng(seed).fork("sweep");
  return Array.from({ length: count }, (_, i) => {
    const sets = Object.entries(draw).map(([path, how]) => {
      const { at, value } = written.entries.get(path)!;
      return [path, drawValue(rng.fork(path).fork(i), how, at, value as Section)] as const;
    });
    return new Map(sets);
  });
}

function drawValue(rng: Rng, how: DrawOptions, at: Place, written: Section): Tree {
  const leaf = (value: number): Tree => ({ kind: "leaf", at, value });
  switch (how.kind) {
    case "uniform":
      return leaf(short(between(rng, how.range), how.range));
    case "logUniform":
      return leaf(short(Math.exp(between(rng, [Math.log(how.range[0]), Math.log(how.range[1])])), how.range));
    case "whole":
      return leaf(how.range[0] + rng.below(how.range[1] - how.range[0] + 1));
    case "choice":
      return pick(rng, itemsOf(written.entries.get("of")!.value));
    default:
      return how satisfies never;
  }
}

/** Four digits, so that a name says the whole value; never outside the range. */
const short = (value: number, [low, high]: readonly [number, number]): number =>
  Math.min(high, Math.max(low, Number(value.toPrecision(4))));

/** Options that two axes set, that lie inside one another, or that no sweep may set. */
function clashes(axes: readonly Axis[]): Mistake[] {
  const first = new Map<string, { readonly at: Place; readonly axis: number }>();
  const found: Mistake[] = [];
  for (const [axis, choices] of axes.entries()) {
    for (const choice of choices) {
      for (const [path, { at }] of choice) {
        if (first.get(path)?.axis === axis) continue;
        const isTogether = (one: string) => first.get(one)!.axis !== axis || choice.has(one);
        const other = [...first.keys()].find((one) => isTogether(one) && (isWithin(one, path) || isWithin(path, one)));
        if (path.split(".").some((key) => forbiddenKeys.has(key)) || /^(extends|sweep)(\.|$)/.test(path))
          found.push({ at, message: `${path} cannot vary in a sweep` });
        else if (other !== undefined) {
          const what = other === path ? "is varied" : `and ${other} are varied, one within the other,`;
          found.push({ at, message: `${path} ${what} twice; first at ${first.get(other)!.at.where}` });
        }
        first.set(path, { at, axis });
      }
    }
  }
  return found;
}

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}.`);
