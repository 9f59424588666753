import sharp from "sharp";
import { type Bitmap, drawText, newBitmap, pasteBitmap, textSize } from "../../picture/bitmap.ts";
import type { PreviewScene } from "./job.ts";
import { gradeWords } from "./page.ts";
import { tileSide } from "./tile.ts";

const columns = 6;
const gap = 6;
const captionHeight = 30;
const paper = [24, 26, 30] as const;
const ink = [236, 238, 242] as const;

/** All pictures with their outlines on one sheet, a line of words under each. */
export async function contactSheet(title: string, scenes: readonly PreviewScene[]): Promise<Bitmap> {
  const across = Math.min(columns, scenes.length);
  const rows = Math.ceil(scenes.length / across);
  const width = Math.max(across * (tileSide + gap) + gap, textSize(title, 2)[0] + 2 * gap);
  const sheet = newBitmap(width, 34 + rows * (tileSide + captionHeight + gap), paper);
  drawText(sheet, title, gap, 10, ink, 2);
  for (const [i, { sidecar, tile }] of scenes.entries()) {
    const x = gap + (i % across) * (tileSide + gap);
    const y = 34 + Math.floor(i / across) * (tileSide + captionHeight + gap);
    const { data, info } = await sharp(tile.outlined).raw().toBuffer({ resolveWithObject: true });
    pasteBitmap(sheet, { data, width: info.width, height: info.height }, x, y);
    drawText(sheet, `${gradeWords(sidecar).replace(",", "")} ${sidecar.plane}`, x + 2, y + tileSide + 3, ink, 1);
    drawText(
      sheet,
      `${sidecar.gestationalAge.weeks.toFixed(1)} weeks ${sidecar.source.subject}`,
      x + 2,
      y + tileSide + 15,
      ink,
      1,
    );
  }
  return sheet;
}
