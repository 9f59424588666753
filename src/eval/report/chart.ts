import { escapeText } from "../../picture/html.ts";
import { palette } from "../../picture/palette.ts";
import { wrapped } from "./wrap.ts";

/** Lines, letters and colours of all plots, as on light paper; pages turn them dark by the palette. */
export const ink = palette.ink[0];
export const faint = palette.faint[0];
export const paper = palette.paper[0];
export const blue = palette.blue[0];
export const orange = palette.orange[0];

const series = [blue, orange, palette.green[0], palette.purple[0], palette.olive[0]] as const;
/** Colour of the curve at a place, the reference first; after the fifth they begin again. */
export const seriesColour = (at: number): string => series[at % series.length]!;

const font = `font-family="system-ui, 'Helvetica Neue', Arial, sans-serif"`;

/** Where data lie in a picture: `[low, high]` of the data and pixels of the frame. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Data → pixels, to a tenth of a pixel so that files are small and equal everywhere. */
export const atX = (f: Frame, value: number): number =>
  tenth(f.left + ((value - f.x[0]) / (f.x[1] - f.x[0])) * (f.width - f.left - f.right));
export const atY = (f: Frame, value: number): number =>
  tenth(f.height - f.bottom - ((value - f.y[0]) / (f.y[1] - f.y[0])) * (f.height - f.top - f.bottom));
const tenth = (value: number) => Math.round(10 * value) / 10;

/** A whole SVG file with a title that screen readers read. */
export function svgFile(f: Pick<Frame, "width" | "height">, title: string, body: readonly string[]): string {
  const name = escapeText(title);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${f.width} ${f.height}" width="${f.width}" height="${f.height}" ` +
    `role="img" aria-label="${name}"><title>${name}</title>${body.join("")}</svg>`
  );
}

/** `anchor` is where the text sits around (x, y). The text is escaped. */
export function label(
  x: number,
  y: number,
  text: string,
  { anchor = "middle", size = 12, colour = ink as string, bold = false, turn = 0 } = {},
): string {
  const turned = turn === 0 ? "" : ` transform="rotate(${turn} ${tenth(x)} ${tenth(y)})"`;
  const weight = bold ? ` font-weight="600"` : "";
  return `<text x="${tenth(x)}" y="${tenth(y)}" text-anchor="${anchor}" font-size="${size}" fill="${colour}" ${font}${weight}${turned}>${escapeText(text)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, colour: string, { width = 1, dash = "" } = {}): string {
  return `<line x1="${tenth(x1)}" y1="${tenth(y1)}" x2="${tenth(x2)}" y2="${tenth(y2)}" stroke="${colour}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`;
}

export function dot(x: number, y: number, colour: string, radius = 3, opacity = 0.75): string {
  return `<circle cx="${tenth(x)}" cy="${tenth(y)}" r="${radius}" fill="${colour}" fill-opacity="${opacity}"/>`;
}

export function path(points: readonly (readonly [number, number])[], colour: string, width = 2, dash = ""): string {
  const dashes = dash === "" ? "" : ` stroke-dasharray="${dash}"`;
  const d = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${tenth(x)} ${tenth(y)}`).join("");
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dashes}/>`;
}

export function area(points: readonly (readonly [number, number])[], colour: string, opacity: number): string {
  const d = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${tenth(x)} ${tenth(y)}`).join("");
  return `<path d="${d}Z" fill="${colour}" fill-opacity="${opacity}"/>`;
}

/** Horizontal grid lines with their values at the left, and the name of the axis turned beside them. */
export function yAxis(f: Frame, ticks: readonly number[], name: string): string[] {
  const rows = ticks.flatMap((t) => [
    line(f.left, atY(f, t), f.width - f.right, atY(f, t), faint),
    label(f.left - 7, atY(f, t) + 4, tickText(t), { anchor: "end", size: 11 }),
  ]);
  const middle = (f.top + f.height - f.bottom) / 2;
  return [...rows, label(13, middle, name, { turn: -90, size: 12 })];
}

/** Pixels that the values of a y axis and its name need at the left of the frame, at least those of short values. */
export const yRoom = (ticks: readonly number[]): number =>
  Math.max(52, Math.ceil(29 + 6.5 * Math.max(0, ...ticks.map((t) => tickText(t).length))));

/** Values under the frame, and the name of the axis under them. */
export function xAxis(f: Frame, ticks: readonly number[], name: string): string[] {
  const marks = ticks.map((t) => label(atX(f, t), f.height - f.bottom + 16, tickText(t), { size: 11 }));
  return [...marks, label((f.left + f.width - f.right) / 2, f.height - f.bottom + 34, name)];
}

/** A number beside an axis, with a true minus sign. */
export const tickText = (value: number): string => String(value).replace("-", "\u2212");

/** Text of at most so many letters, the rest as an ellipsis. */
export const short = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

/**
 * A plot's title over as many lines as it needs, and the pixels that those beyond the first take.
 * @param width - Of the plot, pixels. @param mostLines - What has no room on them loses its middle.
 */
export function heading(title: string, width: number, mostLines = 3): { readonly lines: string[]; readonly room: number } {
  const texts = wrapped(title, { width: width - 16, size: 13, bold: true }, mostLines);
  const step = 16;
  const lines = texts.map((text, i) => label(8, 18 + step * i, text, { anchor: "start", size: 13, bold: true }));
  return { lines, room: step * (texts.length - 1) };
}

/** Round values that span `[low, high]`, about `count` of them. */
export function niceTicks(low: number, high: number, count = 5): number[] {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The range of some values with a little room at both ends, and never of no width. */
export function padded(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const room = 0.06 * (high - low) || 1;
  return [low - room, high + room];
}
