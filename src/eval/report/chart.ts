import { escapeText } from "../../picture/html.ts";

/** Lines, letters and colours of all plots. Colours are told apart with any colour vision. */
export const ink = "#1f2933";
export const faint = "#c9d1d9";
export const blue = "#0b6aa2";
export const orange = "#d9730d";
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
  { anchor = "middle", size = 12, colour = ink, bold = false, turn = 0 } = {},
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

export function path(points: readonly (readonly [number, number])[], colour: string, width = 2): string {
  const d = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${tenth(x)} ${tenth(y)}`).join("");
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"/>`;
}

export function area(points: readonly (readonly [number, number])[], colour: string, opacity: number): string {
  const d = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${tenth(x)} ${tenth(y)}`).join("");
  return `<path d="${d}Z" fill="${colour}" fill-opacity="${opacity}"/>`;
}

/** Horizontal grid lines with their values at the left, and the name of the axis turned beside them. */
export function yAxis(f: Frame, ticks: readonly number[], name: string): string[] {
  const rows = ticks.flatMap((t) => [
    line(f.left, atY(f, t), f.width - f.right, atY(f, t), faint),
    label(f.left - 7, atY(f, t) + 4, String(t).replace("-", "\u2212"), { anchor: "end", size: 11 }),
  ]);
  const middle = (f.top + f.height - f.bottom) / 2;
  return [...rows, label(13, middle, name, { turn: -90, size: 12 })];
}

/** Values under the frame, and the name of the axis under them. */
export function xAxis(f: Frame, ticks: readonly number[], name: string): string[] {
  const marks = ticks.map((t) => label(atX(f, t), f.height - f.bottom + 16, String(t), { size: 11 }));
  return [...marks, label((f.left + f.width - f.right) / 2, f.height - f.bottom + 34, name)];
}

/** Both axes of a ROC curve and the diagonal of chance. */
export function rocAxes(f: Frame): string[] {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const chance = line(atX(f, 0), atY(f, 0), atX(f, 1), atY(f, 1), ink, { dash: "3 4" });
  return [...yAxis(f, ticks, "sensitivity"), ...xAxis(f, ticks, "1 − specificity"), chance];
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
