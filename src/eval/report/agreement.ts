import {
  area,
  atX,
  atY,
  blue,
  dot,
  type Frame,
  ink,
  label,
  line,
  niceTicks,
  orange,
  padded,
  svgFile,
  xAxis,
  yAxis,
  yRoom,
} from "./chart.ts";
import { fixed } from "./format.ts";

/** One measurement of two volumes, ml. */
export interface VolumePair {
  readonly reference: number;
  readonly predicted: number;
}

/** A line across the plot, with its interval where there is one, ml. */
export interface AgreementLine {
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** The bias and the limits of agreement. */
export type AgreementLines = Readonly<Record<"bias" | "low" | "high", AgreementLine | null>>;

const names = { low: "−1.96 SD", bias: "bias", high: "+1.96 SD" } as const;

/**
 * Bland and Altman's plot of volumes: how far the prediction lies off, against the mean of both, with bias and limits of agreement.
 * Source: Bland & Altman 1986, doi:10.1016/S0140-6736(86)90837-8.
 */
export function agreementSvg(title: string, pairs: readonly VolumePair[], lines: AgreementLines): string {
  const points = pairs.map(({ reference, predicted }) => [(reference + predicted) / 2, predicted - reference] as const);
  const known = (["low", "bias", "high"] as const).flatMap((which) =>
    lines[which] === null ? [] : [{ which, ...lines[which] }],
  );
  const heights = [
    ...points.map(([, y]) => y),
    0,
    ...known.flatMap((l) => [l.estimate, l.low ?? l.estimate, l.high ?? l.estimate]),
  ];
  const f: Frame = { width: 350, height: 300, left: Math.max(58, yRoom(niceTicks(...padded(heights)))), top: 30, right: 76, bottom: 48, x: padded([0, ...points.map(([x]) => x)]), y: padded(heights) }; // biome-ignore format: one line
  const [left, right] = [f.left, f.width - f.right];
  const across = known.flatMap(({ which, estimate, low, high }) => {
    const [colour, y] = [which === "bias" ? orange : ink, atY(f, estimate)];
    const edge = (value: number) => [[left, atY(f, value)], [right, atY(f, value)]] as const; // biome-ignore format: short
    return [
      ...(low === null || high === null ? [] : [area([...edge(high), ...[...edge(low)].reverse()], colour, 0.12)]),
      line(left, y, right, y, colour, { width: 1.5, dash: which === "bias" ? "" : "6 4" }),
      label(right + 5, y - 1, names[which], { anchor: "start", size: 11, colour }),
      label(right + 5, y + 11, fixed(estimate, 2), { anchor: "start", size: 11, colour }),
    ];
  });
  return svgFile(f, title, [
    label(8, 18, title, { anchor: "start", size: 13, bold: true }),
    ...yAxis(f, niceTicks(...f.y), "predicted − true (ml)"),
    ...xAxis(f, niceTicks(...f.x, 6), "mean of both (ml)"),
    ...across,
    ...points.map(([x, y]) => dot(atX(f, x), atY(f, y), blue)),
    ...(points.length === 0 ? [label(atX(f, (f.x[0] + f.x[1]) / 2), atY(f, 0) - 8, "nothing to draw", { size: 13 })] : []),
  ]);
}
