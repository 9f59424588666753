import { affineSpacing } from "../../core/affine.ts";
import type { NormalCase } from "../normal/case.ts";
import { darkTissueOf } from "../normal/normalise.ts";
import type { Appearance } from "./draw.ts";
import { paintAppearance } from "./paint.ts";

/** A normal case with new signals, so that bleeds are painted into them; the case itself where `appearance` is null. */
export function dress(normal: NormalCase, appearance: Appearance | null): NormalCase {
  if (appearance === null) return normal;
  const painted = paintAppearance(normal.scene, appearance);
  const { image, spread } = painted;
  const blur = appearance.blurMm / Math.min(...affineSpacing(image.affine));
  const scene = spread === undefined ? painted : { ...painted, spread: Math.hypot(spread, blur) };
  return { ...normal, scene, signals: { ...normal.signals, darkTissue: darkTissueOf(scene.image, scene.tissue) } };
}
