import type { RocPoint } from "../metrics/roc.ts";
import {
  atX,
  atY,
  blue,
  dot,
  type Frame,
  faint,
  ink,
  label,
  line,
  niceTicks,
  orange,
  path,
  rocAxes,
  svgFile,
} from "../report/chart.ts";

/** Colours of arms, the reference first; after the fifth they begin again. */
const colours = [blue, orange, "#2a7f5f", "#7b4ea3", "#8a6d00"] as const;
const colourOf = (arm: number): string => colours[arm % colours.length]!;

/** What a panel shows of one arm. */
export interface ArmRoc {
  /** What stands for it in the legend; it may be of any length. */
  readonly name: string;
  /** Empty where there are no ratings. */
  readonly curve: readonly RocPoint[];
  /** Where the reader's calls lie; null without calls. */
  readonly at: Pick<RocPoint, "falsePositiveRate" | "sensitivity"> | null;
}

/** One reader's ROC curves and operating points, an arm a colour. */
export function readerRocSvg(reader: string, arms: readonly ArmRoc[]): string {
  const f: Frame = { width: 250, height: 282, left: 46, top: 30, right: 12, bottom: 60, x: [0, 1], y: [0, 1] };
  const point = (p: Pick<RocPoint, "falsePositiveRate" | "sensitivity">) =>
    [atX(f, p.falsePositiveRate), atY(f, p.sensitivity)] as const;
  const body = [
    label(f.left, 18, short(`reader ${reader}`, 30), { anchor: "start", size: 13, bold: true }),
    ...rocAxes(f),
    ...arms.flatMap(({ curve }, i) => (curve.length === 0 ? [] : [path(curve.map(point), colourOf(i))])),
    ...arms.flatMap(({ at }, i) =>
      at === null ? [] : [dot(...point(at), "#ffffff", 6, 1), dot(...point(at), colourOf(i), 4.5, 1)],
    ),
    ...arms.map(({ name }, i) =>
      label(atX(f, 0.98), atY(f, 0.04) - 15 * (arms.length - 1 - i), short(name, 24), {
        anchor: "end",
        size: 11,
        bold: true,
        colour: colourOf(i),
      }),
    ),
  ];
  return svgFile(f, `ROC of reader ${reader}`, body);
}

/** A line of a forest plot; without an interval there is a dot alone. */
export interface ForestRow {
  readonly name: string;
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Drawn as a mean over readers. */
  readonly mean: boolean;
}

/**
 * Differences of two arms, or their ratios on a logarithmic axis, one below the other; the dashed line is no difference.
 * @param words - Says each row's figures, at the right.
 */
export function forestSvg(
  title: string,
  rows: readonly ForestRow[],
  scale: "identity" | "log",
  axis: string,
  words: (row: ForestRow) => string,
): string {
  const place = (value: number) => (scale === "log" ? Math.log(value) : value);
  const none = scale === "log" ? 1 : 0;
  const ends = rows.flatMap(({ estimate, low, high }) => [estimate, low ?? estimate, high ?? estimate]).map(place);
  const [from, to] = [Math.min(...ends, place(none)), Math.max(...ends, place(none))];
  const room = 0.06 * (to - from) || 0.1;
  const size = { width: 720, height: 74 + 22 * rows.length };
  const f: Frame = { ...size, left: 256, top: 28, right: 172, bottom: 44, x: [from - room, to + room], y: [rows.length, 0] };
  const at = (value: number) => atX(f, place(value));
  const ticks = scale === "log" ? ratioTicks(Math.exp(f.x[0]), Math.exp(f.x[1])) : niceTicks(f.x[0], f.x[1]);
  const vertical = (value: number, colour: string, dash = "") =>
    line(at(value), f.top, at(value), f.height - f.bottom, colour, { dash });
  const under = f.height - f.bottom;
  return svgFile(f, title, [
    label(8, 18, title, { anchor: "start", size: 13, bold: true }),
    ...ticks.flatMap((tick) => [
      vertical(tick, faint),
      label(at(tick), under + 16, String(tick).replace("-", "\u2212"), { size: 11 }),
    ]),
    vertical(none, ink, "3 4"),
    label((f.left + f.width - f.right) / 2, under + 34, axis),
    ...rows.flatMap((row, i) => forestRow(f, row, atY(f, i + 0.5), at, words(row))),
  ]);
}

function forestRow(f: Frame, row: ForestRow, y: number, at: (value: number) => number, words: string): string[] {
  const colour = row.mean ? orange : blue;
  return [
    label(f.left - 10, y + 4, short(row.name, 34), { anchor: "end", size: 12, bold: row.mean }),
    ...(row.low === null || row.high === null ? [] : [line(at(row.low), y, at(row.high), y, colour, { width: 2.5 })]),
    dot(at(row.estimate), y, colour, row.mean ? 5 : 4, 1),
    label(f.width - 8, y + 4, words, { anchor: "end", size: 11 }),
  ];
}

/** Round ratios within `[low, high]`: 1 and its neighbours, at most about seven. */
function ratioTicks(low: number, high: number): number[] {
  const fine = [0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4];
  const inside = fine.filter((tick) => tick >= low && tick <= high);
  const wide = [0.1, 0.2, 0.5, 1, 2, 5, 10].filter((tick) => tick >= low && tick <= high);
  return high / low > 8 ? wide : inside;
}

const short = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
