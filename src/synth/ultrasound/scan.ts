import type { Image } from "../../core/volume.ts";
import { type Beam, echoes } from "./beam.ts";
import type { Canvas } from "./canvas.ts";
import { type Display, shown } from "./display.ts";
import type { Fan, Frame } from "./fan.ts";
import { drawMark, type Mark } from "./marks.ts";

/** One picture's machine, fully decided. Plain JSON: it goes into the sidecar, and scanning again gives the same pixels. */
export interface Scan {
  readonly fan: Fan;
  readonly frame: Frame;
  readonly beam: Beam;
  readonly display: Display;
  readonly marks: readonly Mark[];
}

/** The picture that a scanner shows of a painted plane, marks on top. Bytes, 0 outside the fan. */
export function scan(canvas: Canvas, { fan, frame, beam, display, marks }: Scan): Image<Uint8Array> {
  const picture = shown(echoes(canvas, fan, beam), fan, frame, display);
  for (const mark of marks) drawMark(picture, mark);
  return picture;
}
