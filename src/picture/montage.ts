import { type Bitmap, drawText, fillBox, newBitmap, pasteBitmap, textSize } from "./bitmap.ts";
import { heat, predictionColour } from "./overlay.ts";

/** A square picture with the words under it. */
export interface Panel {
  readonly picture: Bitmap;
  readonly caption: string;
}

const gap = 6;
const paper = [24, 26, 30] as const;
const ink = [236, 238, 242] as const;
const headHeight = 34;
const captionHeight = 22;

/** What the colours of a picture mean: probabilities, or the share of the highest heat; the outline is half of it. */
export type Shown = "probability" | "heat";

/** Panels of one size in rows of at most three, under a title and the legend of colours and outline. */
export function montage(title: string, panels: readonly Panel[], shown: Shown = "probability"): Bitmap {
  const side = panels[0]!.picture.width;
  const columns = Math.min(3, panels.length);
  const rows = Math.ceil(panels.length / columns);
  const width = Math.max(columns * (side + gap) + gap, textSize(title, 2)[0] + 2 * gap, legendWidth + 2 * gap);
  const head = width >= textSize(title, 2)[0] + legendWidth + 6 * gap ? headHeight : 2 * headHeight - 8;
  const bitmap = newBitmap(width, head + rows * (side + captionHeight + gap), paper);
  drawText(bitmap, title, gap, 10, ink, 2);
  drawLegend(bitmap, width - legendWidth - gap, head - headHeight + 10, shown);
  panels.forEach(({ picture, caption }, i) => {
    const x = gap + (i % columns) * (side + gap);
    const y = head + Math.floor(i / columns) * (side + captionHeight + gap);
    pasteBitmap(bitmap, picture, x, y);
    drawText(bitmap, caption, x + 2, y + side + 6, ink, textSize(caption, 2)[0] <= side ? 2 : 1);
  });
  return bitmap;
}

const legendWidth = 330;

/** Letters of the legend before its bar and beside its line. */
const legends: Readonly<Record<Shown, readonly [string, string]>> = { probability: ["P  0", "P=0.5"], heat: ["HEAT", "HALF"] };

function drawLegend(bitmap: Bitmap, x: number, y: number, shown: Shown): void {
  const [before, beside] = legends[shown];
  drawText(bitmap, before, x, y, ink, 2);
  for (let i = 0; i < 100; i++) {
    const [colour, share] = heat(i / 99);
    const over = (c: number) => Math.round((1 - share) * 90 + share * colour[c]!); // as it looks on mid-grey
    fillBox(bitmap, x + 54 + i, y, 1, 14, [over(0), over(1), over(2)]);
  }
  drawText(bitmap, "1", x + 162, y, ink, 2);
  fillBox(bitmap, x + 206, y + 5, 22, 3, predictionColour);
  drawText(bitmap, beside, x + 238, y, ink, 2);
}
