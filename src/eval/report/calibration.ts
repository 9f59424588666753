import { atX, atY, blue, dot, type Frame, heading, ink, label, line, path, svgFile, xAxis, yAxis } from "./chart.ts";

/** Units whose probability lies in one bin. */
export interface CalibrationPoint {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean probability, and share of positives with its interval; null in an empty bin. */
  readonly predicted: number | null;
  readonly observed: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** What is said below the plots of classes. @param units - What Wilson's intervals take as independent. */
export const classCalibrationWords = (units: string): string =>
  `Calls: how often the class with the highest probability is the right one, against that probability. A class: how often it is there, against the probability given to it. Bars: Wilson's intervals, which take ${units} as independent. Dashed: perfect.`;

const counts = 56; // pixels for the bars of counts

/** Share of positives against mean probability, bin by bin, the diagonal of perfect calibration, and below how many units each bin holds. */
export function calibrationSvg(title: string, bins: readonly CalibrationPoint[]): string {
  const { lines, room } = heading(title, 290);
  const f: Frame = { width: 290, height: 320 + counts + room, left: 46, top: 30 + room, right: 14, bottom: 60 + counts, x: [0, 1], y: [0, 1] }; // biome-ignore format: one line
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const known = bins.flatMap(({ predicted, observed, low, high }) =>
    predicted === null || observed === null ? [] : [{ x: atX(f, predicted), y: atY(f, observed), low, high }],
  );
  const most = Math.max(1, ...bins.map(({ n }) => n));
  const base = f.height - 8;
  const bars = bins.flatMap(({ from, to, n }) => {
    const [left, right] = [atX(f, from), atX(f, to)];
    const top = base - (n / most) * (counts - 22);
    const middle = (left + right) / 2;
    const bar = line(middle, base, middle, top, blue, { width: Math.max(1, right - left - 3) });
    return n === 0 ? [] : [bar, label(middle, top - 3, countText(n), { size: 10 })];
  });
  return svgFile(f, title, [
    ...lines,
    ...yAxis(f, ticks, "share with it"),
    ...xAxis(f, ticks, "mean probability given"),
    line(atX(f, 0), atY(f, 0), atX(f, 1), atY(f, 1), ink, { dash: "3 4" }),
    ...known.flatMap(({ x, low, high }) => (low === null || high === null ? [] : [line(x, atY(f, low), x, atY(f, high), blue)])),
    ...(known.length > 1 ? [path(known.map(({ x, y }) => [x, y]), blue, 1.5)] : []), // biome-ignore format: short
    ...known.map(({ x, y }) => dot(x, y, blue, 4, 1)),
    label(13, base - 14, "n", { size: 12 }),
    ...bars,
  ]);
}

/** 9999, 12k. */
const countText = (n: number): string => (n < 10_000 ? String(n) : `${Math.round(n / 1000)}k`);
