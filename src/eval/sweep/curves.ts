import { mean } from "simple-statistics";
import {
  atX,
  atY,
  dot,
  type Frame,
  faint,
  label,
  line,
  niceTicks,
  path,
  seriesColour,
  short,
  svgFile,
  tickText,
  yAxis,
} from "../report/chart.ts";
import type { SweepResults, SweptPoint } from "./results.ts";

/** Runs that are alike in all but one number and the seed. */
export interface Curve {
  /** What they have in common, in words; empty where nothing else varies. */
  readonly name: string;
  /** The number and the mean figure of the runs that have it, the number rising. */
  readonly points: readonly (readonly [number, number])[];
}

/** A factor that is a number, and what becomes of a figure as it grows. */
export interface Curves {
  readonly factor: string;
  readonly curves: readonly Curve[];
}

/** Most curves in a plot; more cannot be told apart. */
const mostCurves = 12;
/** Fewest values of a number that make a curve. */
const leastValues = 3;

/**
 * The factors whose values are numbers, at least three of them, with a curve for each combination of all other factors. Seeds are no factor here: they vary
 * within a setting. Options that the name of a setting decides are not told beside it.
 *
 * @param figureOf - The figure of a run; null where it has none.
 * @param words - A value as it is printed.
 */
export function curvesOf(
  { points, factors }: Pick<SweepResults, "points" | "factors">,
  figureOf: (point: SweptPoint) => number | null,
  words: (value: unknown) => string,
): Curves[] {
  const told = factors.filter(({ path }) => !variesWithin(points, path));
  return told.flatMap(({ path, label: factor }) => {
    const values = new Set(points.map((point) => point.values[path]));
    if (values.size < leastValues || ![...values].every((value) => typeof value === "number")) return [];
    const rest = told.filter((other) => other.path !== path && !isDecided(points, other.path));
    const groups = new Map<string, Map<number, number[]>>();
    for (const point of points) {
      const figure = figureOf(point);
      if (figure === null) continue;
      const name = rest
        .map((other) => (other.path === ownName ? "" : `${other.label} `) + words(point.values[other.path]))
        .join(", ");
      const group = groups.get(name) ?? new Map<number, number[]>();
      const at = point.values[path] as number;
      groups.set(name, group.set(at, [...(group.get(at) ?? []), figure]));
    }
    const curves = [...groups].map(([name, group]) => ({ name, points: [...group].map(([x, ys]) => [x, mean(ys)] as const).sort(([a], [b]) => a - b) })); // biome-ignore format: one line
    return curves.length === 0 || curves.length > mostCurves ? [] : [{ factor, curves }];
  });
}

/** The option that gives settings names of their own. */
const ownName = "name";

/** Whether runs of one setting differ in an option: then it is a seed. */
const variesWithin = (points: readonly SweptPoint[], path: string): boolean => !follows(points, path, ({ setting }) => setting);

/** Whether the names that settings were given say it already. */
const isDecided = (points: readonly SweptPoint[], path: string): boolean =>
  path !== ownName && points.every(({ values }) => ownName in values) && follows(points, path, ({ values }) => values[ownName]);

/** Whether an option has one value for each value of something else. */
function follows(points: readonly SweptPoint[], path: string, of: (point: SweptPoint) => unknown): boolean {
  const by = new Map<unknown, string>();
  return points.every((point) => {
    const value = JSON.stringify(point.values[path]) ?? "";
    const before = by.get(of(point)) ?? value;
    by.set(of(point), before);
    return before === value;
  });
}

/** Numbers that span at least so many times their smallest lie on a logarithmic axis. */
const wide = 8;

/** Curves of a figure as SVG, the first that of a reference; dots are what was measured. @param range - Of the figure's axis. */
export function curvePlot({ factor, curves }: Curves, figure: string, range: readonly [number, number]): string {
  const numbers = [...new Set(curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const [least, most] = [numbers[0]!, numbers.at(-1)!];
  const place = least > 0 && most / least >= wide ? Math.log : (x: number) => x;
  const room = 0.05 * (place(most) - place(least)) || 1;
  const legend = 20 + 6.2 * Math.max(...curves.map(({ name }) => Math.min(longestName, name.length)));
  const f: Frame = { width: 380 + legend, height: Math.max(280, 60 + 18 * curves.length), left: 52, right: 12 + legend, top: 26, bottom: 48, x: [place(least) - room, place(most) + room], y: range }; // biome-ignore format: one line
  const body = curves.flatMap(({ name, points }, i) => {
    const places = points.map(([x, y]) => [atX(f, place(x)), atY(f, y)] as const);
    const dash = i < 5 ? "" : "5 3"; // colours begin again
    const y = f.top + 8 + 18 * i;
    const x = f.width - f.right + 14;
    return [
      path(places, seriesColour(i), 2, dash),
      ...places.map(([px, py]) => dot(px, py, seriesColour(i), 3, 1)),
      path([[x, y - 4], [x + 18, y - 4]], seriesColour(i), 2, dash), // biome-ignore format: short
      label(x + 24, y, short(name, longestName), { anchor: "start", size: 11 }),
    ];
  });
  const axis = line(f.left, f.height - f.bottom, f.width - f.right, f.height - f.bottom, faint);
  const marks = numbers.map((x) => label(atX(f, place(x)), f.height - f.bottom + 15, tickText(x), { size: 11 }));
  const title = label((f.left + f.width - f.right) / 2, f.height - 12, factor);
  return svgFile(f, `${figure} by ${factor}`, [
    ...yAxis(f, niceTicks(range[0], range[1]), figure),
    axis,
    ...marks,
    title,
    ...body,
  ]);
}

const longestName = 28;
