import { escapeText } from "../../picture/html.ts";
import { atY, blue, type Frame, faint, ink, label, line, orange, paper, path, short, svgFile } from "../report/chart.ts";
import { fixed } from "../report/format.ts";

/** One axis of {@link parallelPlot}. */
export interface Axis {
  readonly name: string;
  /** Where each run lies, 0 at the bottom to 1; null where it has no value. */
  readonly places: readonly (number | null)[];
  /** Values to print, by place. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

const gap = 130;
const most = 16;

/** An axis of a factor: numbers by their size (by their logarithm where they span a factor of 30), anything else evenly in the order of the runs. */
export function factorAxis(name: string, values: readonly unknown[], text: (value: unknown) => string): Axis {
  const distinct = [...new Map(values.map((value) => [text(value), value])).entries()];
  const numbers = distinct.map(([, value]) => value).filter((value): value is number => typeof value === "number");
  if (numbers.length === distinct.length && numbers.length > 1) return numberAxis(name, values as number[], numbers, text);
  const at = new Map(distinct.map(([words], i) => [words, distinct.length === 1 ? 0.5 : i / (distinct.length - 1)]));
  return {
    name,
    places: values.map((value) => at.get(text(value))!),
    ticks: thinned([...at].map(([words, place]) => ({ at: place, text: words }))),
  };
}

function numberAxis(
  name: string,
  values: readonly number[],
  distinct: readonly number[],
  text: (value: unknown) => string,
): Axis {
  const isLog = Math.min(...distinct) > 0 && Math.max(...distinct) / Math.min(...distinct) >= 30;
  const scale = isLog ? Math.log : (value: number) => value;
  const [low, high] = [scale(Math.min(...distinct)), scale(Math.max(...distinct))];
  const place = (value: number) => (scale(value) - low) / (high - low);
  const sorted = [...distinct].sort((a, b) => a - b);
  return { name, places: values.map(place), ticks: thinned(sorted.map((value) => ({ at: place(value), text: text(value) }))) };
}

/** An axis of a figure. @param range - Its ends; not of no width. */
export function figureAxis(name: string, values: readonly (number | null)[], [low, high]: readonly [number, number]): Axis {
  const place = (value: number) => (value - low) / (high - low);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, text: fixed(low + at * (high - low), 3) }));
  return { name, places: values.map((value) => (value === null ? null : place(value))), ticks };
}

/** Ticks that leave room for their words. */
function thinned<T extends { readonly at: number }>(ticks: readonly T[]): T[] {
  const kept: T[] = [];
  for (const tick of ticks) if (kept.every(({ at }) => Math.abs(at - tick.at) > 1 / most)) kept.push(tick);
  return kept;
}

/**
 * Runs as lines across parallel axes, those of the best quarter on the last one orange. A run without a place there is grey.
 * @param names - Of the runs; shown where the pointer rests.
 */
export function parallelPlot(title: string, names: readonly string[], axes: readonly Axis[]): string {
  const f: Frame = {
    width: 2 * 75 + gap * (axes.length - 1),
    height: 360,
    left: 75,
    right: 75,
    top: 44,
    bottom: 24,
    x: [0, axes.length - 1],
    y: [0, 1],
  };
  const x = (i: number) => f.left + gap * i;
  const last = axes.at(-1)!;
  const reached = last.places.filter((place) => place !== null).sort((a, b) => b - a);
  const cut = reached[Math.ceil(reached.length / 4) - 1] ?? 1;
  const colourOf = (place: number | null) => (place === null ? faint : place >= cut ? orange : blue);
  const lines = names.map((name, run) => {
    const points = axes.flatMap(({ places }, i) => (places[run] == null ? [] : [[x(i), atY(f, places[run])] as const]));
    return `<g opacity="0.75"><title>${escapeText(name)}</title>${path(points, colourOf(last.places[run] ?? null), 1.8)}</g>`;
  });
  const rulers = axes.flatMap(({ name, ticks }, i) => [
    line(x(i), f.top, x(i), f.height - f.bottom, ink, { width: 1.2 }),
    label(x(i), i % 2 === 0 ? 16 : 32, name, { bold: true, size: 11 }),
    `<g stroke="${paper}" stroke-width="3" paint-order="stroke">`, // so that they can be read across lines
    ...ticks.map(({ at, text }) => label(x(i) + 5, atY(f, at) + 4, short(text, 16), { anchor: "start", size: 10 })),
    "</g>",
  ]);
  return svgFile(f, title, [...lines, ...rulers]);
}
