import type { PrecisionRecallPoint } from "../metrics/precision-recall.ts";
import type { RocPoint } from "../metrics/roc.ts";
import {
  area,
  atX,
  atY,
  dot,
  type Frame,
  heading,
  ink,
  label,
  line,
  niceTicks,
  paper,
  path,
  seriesColour,
  svgFile,
  xAxis,
  yAxis,
} from "./chart.ts";
import { wrapped } from "./wrap.ts";

export type Point = readonly [x: number, y: number];

/** What a plot shows of one model, arm or class. */
export interface Curve {
  /** Beside its colour, below the plot; it may be of any length. */
  readonly name: string;
  /** In the order in which they are joined; none: no line. */
  readonly points: readonly Point[];
  /** An interval along the curve: both of its edges. */
  readonly band?: { readonly low: readonly Point[]; readonly high: readonly Point[] } | null;
  /** What was measured, where the line does not join it: dots, and upright intervals between both edges. */
  readonly measured?: { readonly dots: readonly Point[]; readonly low: readonly Point[]; readonly high: readonly Point[] };
  /** Where it is operated. */
  readonly at?: Point | null;
}

/** What the two directions of a plot mean. */
export interface CurveAxes {
  readonly x: { readonly name: string; readonly range: Point };
  readonly y: { readonly name: string; readonly range: Point };
  /** A dashed line between two points: chance. */
  readonly chance: readonly [Point, Point] | null;
}

const unit: Point = [0, 1];

/** Sensitivity against the share of false alarms; the diagonal is chance. */
export const rocAxes: CurveAxes = {
  x: { name: "1 − specificity", range: unit },
  y: { name: "sensitivity", range: unit },
  chance: [[0, 0], [1, 1]], // biome-ignore format: short
};

/** Precision against recall. @param share - Of positives, which is the precision of chance; null where chance has no level. */
export const precisionAxes = (share: number | null): CurveAxes => ({
  x: { name: "sensitivity (recall)", range: unit },
  y: { name: "precision", range: unit },
  chance: share === null ? null : [[0, share], [1, share]], // biome-ignore format: short
});

/** Free-response: sensitivity against wrong marks. @param what - What a mark lies in: "case". @param most - Right end, above 0. */
export const frocAxes = (what: string, most: number): CurveAxes => ({
  x: { name: `false positives per ${what}`, range: [0, most] },
  y: { name: "sensitivity", range: unit },
  chance: null,
});

/** A point of a ROC curve where it is drawn. */
export const rocPoint = ({ falsePositiveRate, sensitivity }: Pick<RocPoint, "falsePositiveRate" | "sensitivity">): Point => [
  falsePositiveRate,
  sensitivity,
];

/** A precision-recall curve as the steps whose area is average precision. */
export function precisionSteps(curve: readonly Pick<PrecisionRecallPoint, "recall" | "precision">[]): Point[] {
  return curve.flatMap(({ recall, precision }, i): Point[] => [
    [i === 0 ? 0 : curve[i - 1]!.recall, precision],
    [recall, precision],
  ]);
}

/**
 * The highest sensitivity with no more than so many false ones, as steps from 0 to the right end. Patches of a mask may run together as the threshold
 * falls, so that more are found with fewer false ones: the points themselves need be no curve. The FROC score takes these heights.
 * @param most - Right end; what lies beyond is left out. None without points.
 */
export function frocSteps(points: readonly Point[], most: number): Point[] {
  let best = 0;
  const steps = [...points]
    .filter(([x]) => x <= most)
    .sort(([a], [b]) => a - b)
    .flatMap(([x, y]): Point[] => {
      const before = best;
      best = Math.max(best, y);
      return best === before ? [] : [[x, before], [x, best]]; // biome-ignore format: short
    });
  return points.length === 0 ? [] : [[0, 0], ...steps, [most, best]];
}

/** Lesions found at each threshold as dots, and the steps of {@link frocSteps} as the line. @param most - Right end. */
export function frocCurve(name: string, measured: NonNullable<Curve["measured"]>, most: number): Curve {
  return { name, points: frocSteps(measured.dots, most), measured };
}

/** What a reader must know of a {@link frocCurve}. */
export const frocReading =
  "As the threshold falls, patches may run together, so the dots need lie on no rising curve; the line is the highest sensitivity with no more false ones";

/** Curves in one frame, each with its name below it. The same curves give the same bytes. */
export function curvesSvg(title: string, axes: CurveAxes, curves: readonly Curve[]): string {
  const { lines, room } = heading(title, 290);
  const names = curves.map(({ name }) => wrapped(name, { width: 290 - 32 - 4, size: 12 }, 3));
  const under = 17 * names.flat().length;
  const f: Frame = { width: 290, height: 300 + under + room, left: 46, top: 30 + room, right: 14, bottom: 50 + under, x: axes.x.range, y: axes.y.range }; // biome-ignore format: one line
  const place = ([x, y]: Point): Point => [atX(f, x), atY(f, y)];
  const ticks = ([low, high]: Point) => (high - low === 1 && low === 0 ? [0, 0.25, 0.5, 0.75, 1] : niceTicks(low, high, 4));
  const chance = axes.chance?.map(place) as [Point, Point] | undefined;
  const drawn = curves.flatMap(({ points, band, measured }, i) => [
    ...(band == null || band.low.length === 0
      ? []
      : [area([...band.high.map(place), ...band.low.map(place).reverse()], seriesColour(i), 0.16)]),
    ...(points.length === 0 ? [] : [path(points.map(place), seriesColour(i))]),
    ...(measured?.low ?? []).map((low, k) => line(...place(low), ...place(measured!.high[k]!), seriesColour(i))),
    ...(measured?.dots ?? []).map((point) => dot(...place(point), seriesColour(i))),
  ]);
  const marks = curves.flatMap(({ at }, i) =>
    at == null ? [] : [dot(...place(at), paper, 6, 1), dot(...place(at), seriesColour(curves.length === 1 ? 1 : i), 4.5, 1)],
  );
  const legend = names.flatMap((lines, i) => {
    const y = f.height - 10 - 17 * (names.slice(i).flat().length - 1);
    return [
      line(8, y - 4, 26, y - 4, seriesColour(i), { width: 3 }),
      ...lines.map((text, row) => label(32, y + 17 * row, text, { anchor: "start", size: 12 })),
    ];
  });
  return svgFile(f, title, [
    ...lines,
    ...yAxis(f, ticks(axes.y.range), axes.y.name),
    ...xAxis(f, ticks(axes.x.range), axes.x.name),
    ...(chance === undefined ? [] : [line(...chance[0], ...chance[1], ink, { dash: "3 4" })]),
    ...drawn,
    ...marks,
    ...(curves.every(({ points, at }) => points.length === 0 && at == null)
      ? [label(...place([(f.x[0] + f.x[1]) / 2, 0.5]), "nothing to draw", { size: 13 })]
      : []),
    ...legend,
  ]);
}
