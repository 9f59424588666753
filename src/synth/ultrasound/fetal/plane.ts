import type { Canvas } from "../canvas.ts";
import { paintBareHead, paintEncephalocele, paintFace, paintHoloprosencephaly } from "./anomalies.ts";
import type { Fetus } from "./draw.ts";
import type { FetalPlane } from "./finding.ts";
import { paintHead } from "./head.ts";
import { paintSpine } from "./spine.ts";
import { paintCerebellumPlane } from "./transcerebellar.ts";
import { paintVentriclePlane } from "./transventricular.ts";

/** Paints one plane of a fetus over the womb. */
export function paintPlane(canvas: Canvas, fetus: Fetus, plane: FetalPlane): void {
  const { skull, finding, extent } = fetus;
  switch (plane) {
    case "face":
      paintFace(canvas, skull, finding !== "anencephaly", extent);
      break;
    case "spine":
      paintSpine(canvas, fetus.spine);
      break;
    case "transventricular":
    case "transcerebellar":
      if (finding === "anencephaly") paintBareHead(canvas, skull, extent);
      else paintBrain(canvas, fetus, plane);
      break;
    default:
      plane satisfies never;
  }
}

function paintBrain(canvas: Canvas, fetus: Fetus, plane: "transventricular" | "transcerebellar"): void {
  const { skull, finding, extent } = fetus;
  paintHead(canvas, skull);
  if (plane === "transcerebellar") paintCerebellumPlane(canvas, skull, fetus);
  else if (finding === "holoprosencephaly") paintHoloprosencephaly(canvas, skull, extent);
  else paintVentriclePlane(canvas, skull, fetus);
  if (finding === "encephalocele") paintEncephalocele(canvas, skull, extent);
}
