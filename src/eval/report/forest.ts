import {
  atX,
  blue,
  dot,
  type Frame,
  faint,
  heading,
  ink,
  label,
  line,
  niceTicks,
  orange,
  short,
  svgFile,
  tickText,
} from "./chart.ts";

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
const textHeight = 15;
/** Letters that fit on a line. */
const lettersOf = ({ summary }: ForestRow): number => (summary ? 46 : 50);

/**
 * Estimates with their intervals, one below the other: the name and the figures of each on a line, or on two where they are long, the interval below, so
 * that the plot is narrow enough for a phone.
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
  const { lines, room } = heading(title, 350, 8);
  const top = 28 + room;
  const placed = placeRows(rows, words, top);
  const size = { width: 350, height: (placed.at(-1)?.bottom ?? top) + 48 };
  const f: Frame = { ...size, left: 12, top, right: 12, bottom: 46, x: axis.range ?? rangeOf(rows, axis, place), y: [0, 1] };
  const at = (value: number) => atX(f, place(value));
  const ticks = axis.scale === "log" ? ratioTicks(Math.exp(f.x[0]), Math.exp(f.x[1])) : niceTicks(f.x[0], f.x[1]);
  const under = f.height - f.bottom;
  const vertical = (value: number, colour: string, dash = "") =>
    placed.map(({ bottom }) => line(at(value), bottom - 18, at(value), bottom - 2, colour, { dash })); // beside the intervals, never through words
  return svgFile(f, title, [
    ...lines,
    ...ticks.flatMap((tick) => [...vertical(tick, faint), label(at(tick), under + 16, tickText(tick), { size: 11 })]),
    ...(axis.reference === null ? [] : vertical(axis.reference, ink, "3 3")),
    label(f.width / 2, under + 34, short(axis.name, 52)),
    ...placed.flatMap((one) => forestRow(f, one, at)),
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
  const margin = 0.06 * (to - from) || 0.1;
  return [from - margin, to + margin];
}

/** A row with its figures, between two heights of the plot. */
interface PlacedRow {
  readonly row: ForestRow;
  readonly words: string;
  readonly top: number;
  readonly bottom: number;
}

function placeRows(rows: readonly ForestRow[], wordsOf: (row: ForestRow) => string, from: number): PlacedRow[] {
  let bottom = from;
  return rows.map((row) => {
    const words = wordsOf(row);
    const top = bottom;
    bottom += rowHeight + (row.name.length + words.length > lettersOf(row) ? textHeight : 0);
    return { row, words, top, bottom };
  });
}

function forestRow(f: Frame, { row, words, top, bottom }: PlacedRow, at: (value: number) => number): string[] {
  const colour = row.summary ? orange : blue;
  const y = bottom - 10;
  return [
    label(f.left, top + 14, short(row.name, lettersOf(row)), { anchor: "start", size: 11.5, bold: row.summary }),
    label(f.width - f.right, bottom - 22, words, { anchor: "end", size: 11.5 }),
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
