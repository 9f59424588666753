import { tissues } from "../../core/tissue.ts";
import type { NormalCase } from "../case.ts";
import { tissueMedian } from "../normalise.ts";
import type { Appearance } from "./draw.ts";
import { paintAppearance } from "./paint.ts";

/** A normal case with new signals, so that bleeds are painted into them; the case itself where `appearance` is null. */
export function dress(normal: NormalCase, appearance: Appearance | null): NormalCase {
  if (appearance === null) return normal;
  const scene = paintAppearance(normal.scene, appearance);
  const medians = [tissues.cortex, tissues.deepGrey].map((id) => tissueMedian(scene.image, scene.tissue, id) ?? 0.5);
  return { ...normal, scene, signals: { ...normal.signals, darkTissue: Math.min(...medians) } };
}
