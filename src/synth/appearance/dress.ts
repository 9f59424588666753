import type { NormalCase } from "../normal/case.ts";
import { darkTissueOf } from "../normal/normalise.ts";
import type { Appearance } from "./draw.ts";
import { paintAppearance } from "./paint.ts";

/** A normal case with new signals, so that bleeds are painted into them; the case itself where `appearance` is null. */
export function dress(normal: NormalCase, appearance: Appearance | null): NormalCase {
  if (appearance === null) return normal;
  const scene = paintAppearance(normal.scene, appearance);
  return { ...normal, scene, signals: { ...normal.signals, darkTissue: darkTissueOf(scene.image, scene.tissue) } };
}
