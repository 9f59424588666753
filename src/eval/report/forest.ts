import { atX, blue, dot, type Frame, faint, ink, label, line, niceTicks, orange, short, svgFile, tickText } from "./chart.ts";

/** A line of a forest plot; without an interval there is a dot alone. */
export interface ForestRow {
  /** It may be of any length. */
  readonly name: string;
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Set apart: what stands for all of the others. */
  readonly summary: boolean;
}

export interface ForestAxis {
  readonly name: string;
  /** Ratios have a logarithmic axis. */
  readonly scale: "identity" | "log";
  /** Where the dashed line is: no difference, chance, or the figure of all; null for none. */
  readonly reference: number | null;
  /** Ends of the axis; null: what is drawn, with a little room. */
  readonly range: readonly [number, number] | null;
}

const rowHeight = 36;

/**
 * Estimates with their intervals, one below the other: the name and the figures of each on a line, the interval below it, so that the plot is
 * narrow enough for a phone.
 *
 * @param words - Says a row's figures.
 */
export function forestSvg(
  title: string,
  rows: readonly ForestRow[],
  axis: ForestAxis,
  words: (row: ForestRow) => string,
): string {
  const place = (value: number) => (axis.scale === "log" ? Math.log(value) : value);
  const size = { width: 350, height: 76 + rowHeight * rows.length };
  const f: Frame = { ...size, left: 12, top: 28, right: 12, bottom: 46, x: axis.range ?? rangeOf(rows, axis, place), y: [0, 1] };
  const at = (value: number) => atX(f, place(value));
  const ticks = axis.scale === "log" ? ratioTicks(Math.exp(f.x[0]), Math.exp(f.x[1])) : niceTicks(f.x[0], f.x[1]);
  const under = f.height - f.bottom;
  const tops = rows.map((_, i) => f.top + rowHeight * i);
  const vertical = (value: number, colour: string, dash = "") =>
    tops.map((top) => line(at(value), top + 18, at(value), top + rowHeight - 2, colour, { dash })); // beside the intervals, never through words
  return svgFile(f, title, [
    label(8, 18, short(title, 42), { anchor: "start", size: 13, bold: true }),
    ...ticks.flatMap((tick) => [...vertical(tick, faint), label(at(tick), under + 16, tickText(tick), { size: 11 })]),
    ...(axis.reference === null ? [] : vertical(axis.reference, ink, "3 3")),
    label(f.width / 2, under + 34, short(axis.name, 52)),
    ...rows.flatMap((row, i) => forestRow(f, row, tops[i]!, at, words(row))),
  ]);
}

/** All that is drawn with a little room, on the scale of the axis. */
function rangeOf(
  rows: readonly ForestRow[],
  { reference }: ForestAxis,
  place: (value: number) => number,
): readonly [number, number] {
  const ends = rows.flatMap(({ estimate, low, high }) => [estimate, low ?? estimate, high ?? estimate]);
  const all = [...ends, ...(reference === null ? [] : [reference])].map(place);
  const [from, to] = [Math.min(...all), Math.max(...all)];
  const room = 0.06 * (to - from) || 0.1;
  return [from - room, to + room];
}

function forestRow(f: Frame, row: ForestRow, top: number, at: (value: number) => number, words: string): string[] {
  const colour = row.summary ? orange : blue;
  const y = top + 26;
  const room = 50 - words.length; // letters of this size that fit on the line
  return [
    label(f.left, top + 14, short(row.name, Math.max(10, room)), { anchor: "start", size: 11.5, bold: row.summary }),
    label(f.width - f.right, top + 14, words, { anchor: "end", size: 11.5 }),
    ...(row.low === null || row.high === null ? [] : [line(at(row.low), y, at(row.high), y, colour, { width: 2.5 })]),
    dot(at(row.estimate), y, colour, row.summary ? 5 : 4, 1),
  ];
}

/** Round ratios within `[low, high]`: 1 and its neighbours, at most about seven. */
function ratioTicks(low: number, high: number): number[] {
  const fine = [0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 4];
  const inside = fine.filter((tick) => tick >= low && tick <= high);
  const wide = [0.1, 0.2, 0.5, 1, 2, 5, 10].filter((tick) => tick >= low && tick <= high);
  return high / low > 8 ? wide : inside;
}
