import { bandRates, type RocPlot } from "../measure.ts";
import { quantileSorted } from "../metrics/bootstrap.ts";
import {
  atX,
  atY,
  dot,
  type Frame,
  heading,
  ink,
  label,
  line,
  niceTicks,
  orange,
  padded,
  svgFile,
  yAxis,
  yRoom,
} from "./chart.ts";
import { curvesSvg, rocAxes, rocPoint } from "./curves.ts";

/** One ROC curve with its band, the diagonal of chance, and the operating point. @param auroc - Said below it. */
export function rocSvg(name: string, { curve, band, at }: RocPlot, auroc: string): string {
  const edge = (values: Float64Array) => bandRates.map((rate, i) => [rate, values[i]!] as const);
  const one = {
    name: curve.length === 0 ? "one class only" : auroc,
    points: curve.map(rocPoint),
    band: band && { low: edge(band.low), high: edge(band.high) },
    at: at && rocPoint(at),
  };
  return curvesSvg(`ROC, ${name}`, rocAxes, [one]);
}

/** A column of dots with the words under it. */
export interface Strip {
  readonly name: string;
  readonly values: readonly number[];
  readonly colour: string;
}

/**
 * Columns of dots, one a value, with median and quartiles; dots lie beside each other where they would overlap, in the order
 * of their values, so that the picture is always the same.
 *
 * @param threshold - A dashed line across; null for none.
 */
export function stripSvg(
  title: string,
  strips: readonly Strip[],
  axis: { name: string; range?: readonly [number, number] },
  threshold: number | null,
): string {
  const all = strips.flatMap((s) => [...s.values]);
  const [low, high] = axis.range ?? padded([...all, ...(threshold === null ? [] : [threshold])]);
  const ticks = niceTicks(low, high);
  const [left, right] = [yRoom(ticks), threshold === null ? 14 : 66]; // beside the frame, the threshold's name meets no dot
  const width = left + right + Math.max(2, strips.length) * (strips.length > 3 ? 74 : 140);
  const { lines, room } = heading(title, width);
  const f: Frame = { width, height: 316 + room, left, top: 30 + room, right, bottom: 48, x: [0, strips.length], y: [low, high] };
  const columns = strips.flatMap((strip, i) => {
    const middle = atX(f, i + 0.5);
    const sorted = Float64Array.from(strip.values).sort();
    const dots = beeswarm(
      [...sorted].map((v) => atY(f, v)),
      strips.length > 3 ? 30 : 42,
    ).map(([x, y]) => dot(middle + x, y, strip.colour, 3, 0.6));
    const count = label(middle, f.height - f.bottom + 34, `n = ${sorted.length}`, { size: 11 });
    return [...dots, ...box(f, middle, sorted), label(middle, f.height - f.bottom + 18, strip.name), count];
  });
  const cut = threshold === null ? [] : [
    line(f.left, atY(f, threshold), f.width - f.right, atY(f, threshold), orange, { width: 1.5, dash: "6 4" }),
    label(f.width - f.right + 6, atY(f, threshold) + 4, "threshold", { anchor: "start", size: 11, colour: orange }),
  ]; // biome-ignore format: a list
  return svgFile(f, title, [...lines, ...yAxis(f, ticks, axis.name), ...columns, ...cut]);
}

/** Median and quartiles beside the dots. */
function box(f: Frame, middle: number, sorted: Float64Array): string[] {
  if (sorted.length === 0) return [label(middle, atY(f, (f.y[0] + f.y[1]) / 2), "none")];
  const [q1, q2, q3] = [0.25, 0.5, 0.75].map((p) => atY(f, quantileSorted(sorted, p))) as [number, number, number];
  return [line(middle, q1, middle, q3, ink, { width: 2 }), line(middle - 16, q2, middle + 16, q2, ink, { width: 2.5 })];
}

/** Moves dots sideways until none overlaps another; at most `reach` pixels, where they may. Positions beside the middle. */
function beeswarm(heights: readonly number[], reach: number): [number, number][] {
  const step = 5;
  const placed: [number, number][] = [];
  for (const y of heights) {
    const free = (x: number) => placed.every(([px, py]) => (px - x) ** 2 + (py - y) ** 2 >= step ** 2);
    let x = 0;
    for (let k = 0; !free(x) && Math.abs(x) < reach; k++) x = (k % 2 === 0 ? 1 : -1) * Math.ceil((k + 1) / 2) * (step / 2);
    placed.push([x, y]);
  }
  return placed;
}
