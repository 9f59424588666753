import { between, chance, type Rng, shuffled } from "../../core/rng.ts";
import type { Image } from "../../core/volume.ts";
import { inkText, letterHeight, letterStep } from "../../picture/font.ts";

/** What a scanner or its user writes over a picture: plain JSON, in pixels. */
export type Mark =
  | { readonly kind: "text"; readonly text: string; readonly at: readonly [number, number]; readonly grey: number }
  | {
      readonly kind: "caliper";
      readonly from: readonly [number, number];
      readonly to: readonly [number, number];
      readonly grey: number;
    }
  | { readonly kind: "scale"; readonly x: number; readonly stepPixels: number; readonly grey: number }
  | { readonly kind: "focus"; readonly at: readonly [number, number]; readonly grey: number }
  | { readonly kind: "bar"; readonly at: readonly [number, number]; readonly height: number }
  | { readonly kind: "blank"; readonly box: readonly [number, number, number, number] };

/** Draws a mark over a picture, in place. */
export function drawMark(picture: Image<Uint8Array>, mark: Mark): void {
  const set = (x: number, y: number, grey: number) => {
    const [i, j] = [Math.round(x), Math.round(y)];
    if (i >= 0 && j >= 0 && i < picture.width && j < picture.height) picture.data[i + picture.width * j] = grey;
  };
  switch (mark.kind) {
    case "text":
      inkText(mark.text, (x, y) => set(mark.at[0] + x, mark.at[1] + y, mark.grey));
      break;
    case "caliper":
      drawCaliper(mark, set);
      break;
    case "scale":
      for (let y = 2, i = 0; y < picture.height; y += mark.stepPixels, i++)
        for (let x = 0; x < (i % 5 === 0 ? 4 : 2); x++) set(mark.x - x, y, mark.grey);
      break;
    case "focus":
      for (let y = -3; y <= 3; y++) for (let x = 0; x <= 3 - Math.abs(y); x++) set(mark.at[0] - x, mark.at[1] + y, mark.grey);
      break;
    case "bar":
      for (let y = 0; y < mark.height; y++)
        for (let x = 0; x < 4; x++) set(mark.at[0] + x, mark.at[1] + y, Math.round(255 * (1 - y / mark.height)));
      break;
    case "blank": {
      const [x0, y0, x1, y1] = mark.box;
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) set(x, y, 0);
      break;
    }
    default:
      mark satisfies never;
  }
}

function drawCaliper(
  { from, to, grey }: Extract<Mark, { kind: "caliper" }>,
  set: (x: number, y: number, grey: number) => void,
): void {
  for (const [x, y] of [from, to])
    for (let k = -3; k <= 3; k++) {
      set(x + k, y, grey);
      set(x, y + k, grey);
    }
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  for (let d = 5; d < length - 4; d += 4)
    set(from[0] + (d / length) * (to[0] - from[0]), from[1] + (d / length) * (to[1] - from[1]), Math.round(0.8 * grey));
}

/** What {@link drawMarks} may place. */
export interface MarkRoom {
  readonly pixels: number;
  readonly pixelMm: number;
  /** Row of the focus. */
  readonly focusRow: number;
  /** The two ends of what a user would measure, pixels; null: nothing. */
  readonly measured: { readonly from: readonly [number, number]; readonly to: readonly [number, number] } | null;
  /** At most four, each in a corner of its own. */
  readonly texts: readonly string[];
}

/** Which marks lie on one picture. Their shares are our guess, and do not hang on what the patient has. Calipers and texts may tell the view. */
export function drawMarks(rng: Rng, { pixels, pixelMm, focusRow, measured, texts }: MarkRoom): Mark[] {
  const grey = Math.round(between(rng, [150, 255]));
  const marks: Mark[] = [];
  if (chance(rng, 0.6)) marks.push({ kind: "bar", at: [3, Math.round(0.05 * pixels)], height: Math.round(0.25 * pixels) });
  if (chance(rng, 0.6)) marks.push({ kind: "scale", x: pixels - 3, stepPixels: 10 / pixelMm, grey });
  if (chance(rng, 0.5)) marks.push({ kind: "focus", at: [pixels - 9, focusRow], grey });
  if (measured !== null && chance(rng.fork("caliper"), 0.25)) marks.push({ kind: "caliper", ...measured, grey });
  const corners = shuffled(rng, [0, 1, 2, 3]); // left or right, top or bottom
  for (const [i, text] of texts.slice(0, 4).entries()) {
    if (!chance(rng, 0.35)) continue;
    const [corner, margin] = [corners[i]!, 4];
    const x = corner & 1 ? Math.max(margin, pixels - text.length * letterStep - 14) : margin + 8;
    marks.push({ kind: "text", text, at: [x, corner & 2 ? pixels - margin - letterHeight : margin], grey });
  }
  if (chance(rng, 0.25)) {
    const [w, h] = [Math.round(between(rng, [0.15, 0.3]) * pixels), Math.round(between(rng, [0.06, 0.14]) * pixels)];
    marks.push({ kind: "blank", box: [pixels - w, pixels - h, pixels, pixels] });
  }
  return marks;
}
