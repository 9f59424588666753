import { atX, atY, blue, dot, type Frame, faint, label, line, niceTicks, orange, svgFile, yAxis } from "../report/chart.ts";

/** Runs at one value of a factor. */
export interface EffectGroup {
  /** The value, as it is printed. */
  readonly value: string;
  /** The figure of each run. */
  readonly figures: readonly number[];
}

/** Most values of a factor that a plot shows one by one. */
export const mostGroups = 24;

/**
 * Main effect of one factor as SVG: a dot for each run, a bar for the mean of all runs at a value, whatever else varied.
 *
 * @param groups - At least one, in order; each with at least one figure.
 * @param range - Of the figure's axis, shared by the plots of a row so that effects can be compared.
 */
export function effectPlot(
  factor: string,
  figure: string,
  groups: readonly EffectGroup[],
  range: readonly [number, number],
): string {
  const long = Math.max(...groups.map(({ value }) => value.length));
  const turned = groups.length * long > 44;
  const bottom = turned ? 34 + Math.min(150, 5 * long) : 48;
  const width = Math.max(300, 90 + 26 * groups.length);
  const f: Frame = {
    width,
    height: 210 + bottom,
    left: 52,
    right: 12,
    top: 26,
    bottom,
    x: [-0.5, groups.length - 0.5],
    y: range,
  };
  const body = groups.flatMap(({ value, figures }, i) => {
    const mean = figures.reduce((a, b) => a + b, 0) / figures.length;
    const dots = figures.map((y, k) => dot(atX(f, i + spread(k, figures.length)), atY(f, y), blue, 3, 0.6));
    const bar = line(atX(f, i - 0.32), atY(f, mean), atX(f, i + 0.32), atY(f, mean), orange, { width: 2.5 });
    const y = f.height - f.bottom + 15;
    const name = turned
      ? label(atX(f, i) + 4, y - 4, value, { size: 10, anchor: "end", turn: -60 })
      : label(atX(f, i), y, value, { size: 11 });
    return [...dots, bar, name];
  });
  const axis = line(f.left, f.height - f.bottom, f.width - f.right, f.height - f.bottom, faint);
  const title = label(f.left, 15, factor, { anchor: "start", bold: true });
  return svgFile(f, `${figure} by ${factor}`, [...yAxis(f, niceTicks(range[0], range[1]), figure), axis, title, ...body]);
}

/** Dots of one value side by side, in the order of the runs. */
const spread = (k: number, of: number): number => (of === 1 ? 0 : 0.36 * (k / (of - 1) - 0.5));

/** Range of an axis that holds all values of a figure in [0, 1], with a little room where there is any; not of no width. */
export function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.02, 0.08 * (high - low));
  return [Math.max(0, low - room), Math.min(1, high + room)];
}
