import { type Canvas, paint, rememberedOn, type Shape } from "../canvas.ts";
import { ellipse, grown, rim } from "../shapes.ts";
import { structures } from "./structures.ts";
import { fetalTissues as tissue } from "./tissue.ts";

/** The skull of a drawing, mm; u points to the forehead, v away from the probe. */
export interface Skull {
  /** Biparietal and occipitofrontal diameter: of the outer edge on one side and the inner edge on the other, and of the outer edges. */
  readonly biparietal: number;
  readonly occipitofrontal: number;
  readonly boneMm: number;
  readonly skinMm: number;
  /** How much narrower the forehead is than an ellipse, as a share of the width. */
  readonly taper: number;
  /** Places of the sutures on the outline, degrees from the forehead. */
  readonly suturesDeg: readonly number[];
}

/** Half axes of the skull's inner edge, mm. */
export function innerAxes({ biparietal, occipitofrontal, boneMm }: Skull): readonly [number, number] {
  return [occipitofrontal / 2 - boneMm, (biparietal - boneMm) / 2];
}

/** The inner edge of the skull as a shape. */
export function innerSkull(skull: Skull): Shape {
  const radii = innerAxes(skull);
  const plain = ellipse([0, 0], radii);
  const [a] = radii;
  const { taper } = skull;
  const narrow = (u: number) => 1 / (1 - taper * Math.max(-1, Math.min(1, u / a)));
  return { ...plain, reach: 1.15 * a, distance: (u, v) => plain.distance(u, v * narrow(u)) };
}

/** Fluid that is left between the brain and the skull, mm; our guess. */
const subarachnoidMm = 1.8;

/** Paints skin, bone, fluid and brain. Returns the shape of the brain. */
export function paintHead(canvas: Canvas, skull: Skull): Shape {
  const inner = rememberedOn(canvas, innerSkull(skull));
  const outer = grown(inner, skull.boneMm);
  const [a, b] = innerAxes(skull);
  paint(canvas, grown(outer, skull.skinMm), { tissue: tissue.skin, label: structures.body });
  paint(canvas, outer, { tissue: tissue.bone, label: structures.skull, edge: 0.6 });
  for (const degrees of skull.suturesDeg) {
    const at = (degrees * Math.PI) / 180;
    const gap = ellipse([(a + 1) * Math.cos(at), (b + 1) * Math.sin(at)], [1.3, 1.3]);
    paint(canvas, gap, { tissue: tissue.skin, edge: 1 });
  }
  paint(canvas, inner, { tissue: tissue.csf, label: structures.csf });
  const brain = grown(inner, -subarachnoidMm);
  paint(canvas, brain, { tissue: tissue.brain, label: structures.brain, edge: 0.8 });
  paint(canvas, rim(brain, 0.5), { tissue: tissue.wall, edge: 0.7 });
  return brain;
}
