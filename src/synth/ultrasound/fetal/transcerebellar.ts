import { type Canvas, paint, type Shape } from "../canvas.ts";
import { ellipse, grown, joined, rim, stroke } from "../shapes.ts";
import { innerAxes, innerSkull, type Skull } from "./head.ts";
import { structures } from "./structures.ts";
import { fetalTissues as tissue } from "./tissue.ts";
import { paintAnteriorComplex, paintThalami } from "./transventricular.ts";

/** What lies inside the skull at the level of the cerebellum, mm. */
export interface CerebellumPlane {
  /** Width of the cavum septi pellucidi; 0: there is none. */
  readonly cavumMm: number;
  /** Greatest width of the cerebellum. */
  readonly transcerebellarMm: number;
  /** Between the vermis and the inner edge of the occipital bone. */
  readonly cisternaMagnaMm: number;
  /** Share of the vermis that is there; below 1 the fourth ventricle opens to the cisterna magna. */
  readonly vermis: number;
}

/** Paints the transcerebellar plane into a painted head: midline, cavum, thalami, peduncles, cerebellum, cisterna magna. */
export function paintCerebellumPlane(canvas: Canvas, skull: Skull, plane: CerebellumPlane): void {
  const axes = innerAxes(skull);
  const [a, b] = axes;
  const line = { tissue: tissue.falx, label: structures.falx, edge: 0.6 };
  paint(canvas, stroke([0.97 * a, 0, 0.45], [0.6 * a, 0, 0.3]), line);
  paintThalami(canvas, axes);
  paintAnteriorComplex(canvas, axes, { ...plane, atriumMm: { near: 7, far: 7 } });
  for (const side of [-1, 1] as const) {
    const peduncle = ellipse([-0.24 * a, side * 0.1 * b], [0.1 * a, 0.11 * b], side * 35);
    paint(canvas, peduncle, { tissue: tissue.grey, label: structures.peduncles, edge: 1.2 });
  }
  paintPosteriorFossa(canvas, skull, plane);
}

/** How far a hemisphere of the cerebellum lies from the midline, as a share of the width, and how it is turned: without a vermis they stand apart. */
const hemisphereAt = (vermis: number) => ({ out: 0.275 + 0.09 * (1 - vermis), turnDeg: 12 + 25 * (1 - vermis) });

/** From the outer edge of one hemisphere to that of the other, as a share of the width that they are drawn with. */
function acrossHemispheres(vermis: number): number {
  const { out, turnDeg } = hemisphereAt(vermis);
  const turn = (turnDeg * Math.PI) / 180;
  return 2 * (out + Math.hypot(0.3 * Math.sin(turn), 0.225 * Math.cos(turn)));
}

function paintPosteriorFossa(canvas: Canvas, skull: Skull, plane: CerebellumPlane): void {
  const [a] = innerAxes(skull);
  const { cisternaMagnaMm, vermis } = plane;
  const width = (plane.transcerebellarMm * acrossHemispheres(1)) / acrossHemispheres(vermis);
  const back = -a + cisternaMagnaMm; // where the vermis ends
  const depth = 0.3 * width; // half the front to back size of a hemisphere
  const u = back + depth;
  const hemisphere = (side: -1 | 1): Shape => {
    const { out, turnDeg } = hemisphereAt(vermis);
    return ellipse([u - 0.04 * width, side * out * width], [depth, 0.225 * width], -side * turnDeg);
  };
  const both = joined(hemisphere(-1), hemisphere(1));
  paintCistern(canvas, skull, u, width);
  paint(canvas, both, { tissue: tissue.cerebellum, label: structures.cerebellum, edge: 0.8 });
  const around = [structures.cerebellum, structures.cisternaMagna, structures.brain];
  paint(canvas, rim(both, 0.7), { tissue: { ...tissue.wall, echo: -4 }, edge: 0.8, within: around });
  for (const inset of [0.08, 0.15]) // folia
    paint(canvas, rim(grown(both, -inset * width), 0.3), { tissue: { ...tissue.wall, echo: -13 }, edge: 0.8, within: around });
  const core = ellipse([u - 0.05 * width, 0], [(0.1 + 0.16 * vermis) * width, (0.05 + 0.06 * vermis) * width]);
  if (vermis > 0.5) {
    const middle = ellipse([back + 0.26 * width, 0], [0.26 * width, 0.11 * width]);
    paint(canvas, middle, { tissue: tissue.vermis, label: structures.cerebellum, edge: 1 });
  } else paint(canvas, core, { tissue: tissue.csf, label: structures.cisternaMagna, edge: 0.8 });
  // The fourth ventricle in front of the vermis.
  paint(canvas, ellipse([u + 0.9 * depth, 0], [1, 1.6]), { tissue: tissue.ventricle, edge: 0.6 });
}

/** Fluid behind and beside the cerebellum, with two septa. */
function paintCistern(canvas: Canvas, skull: Skull, u: number, width: number): void {
  const inner = innerSkull(skull);
  const front = stroke([u + 0.1 * width, -0.62 * width, 1.5], [u - 0.15 * width, 0, 1.5], [u + 0.1 * width, 0.62 * width, 1.5]);
  const bulk = ellipse([u - 0.35 * width, 0], [0.5 * width, 0.62 * width]);
  const fluid: Shape = {
    ...bulk,
    reach: 1.5 * width,
    distance: (p, q) =>
      Math.max(inner.distance(p, q) + 0.3, Math.min(bulk.distance(p, q), front.distance(p, q) + 1), p - u - 0.1 * width),
  };
  paint(canvas, fluid, { tissue: { ...tissue.csf, echo: -34 }, label: structures.cisternaMagna, edge: 0.8 });
  const [a] = innerAxes(skull);
  for (const side of [-1, 1])
    paint(canvas, stroke([-0.99 * a, side * 0.07 * width, 0.15], [u - 0.3 * width, side * 0.1 * width, 0.15]), {
      tissue: { ...tissue.wall, echo: -12 },
      edge: 0.6,
      within: [structures.cisternaMagna],
    });
}
