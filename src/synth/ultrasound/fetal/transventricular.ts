import { type Canvas, paint } from "../canvas.ts";
import { ellipse, rim, stroke } from "../shapes.ts";
import { innerAxes, type Skull } from "./head.ts";
import { structures } from "./structures.ts";
import { fetalTissues as tissue } from "./tissue.ts";

/** What lies inside the skull at the level of the ventricles, mm. */
export interface VentriclePlane {
  /** Width of the cavum septi pellucidi; 0: there is none, and the frontal horns meet. */
  readonly cavumMm: number;
  /** Width of the lateral ventricles at the atrium. */
  readonly atriumMm: { readonly near: number; readonly far: number };
  /** How far choroid plexus fills the atrium, as a share of its width. */
  readonly choroid: number;
  /** Depth of the Sylvian fissure as a share of half the width. */
  readonly sylvian: number;
}

/** Paints the transventricular plane into a painted head: midline, cavum, frontal horns, thalami, ventricles with choroid, insula. */
export function paintVentriclePlane(canvas: Canvas, skull: Skull, plane: VentriclePlane): void {
  const axes = innerAxes(skull);
  for (const side of [-1, 1] as const) paintInsula(canvas, axes, plane, side);
  paintMidline(canvas, axes, plane.cavumMm);
  paintThalami(canvas, axes);
  paintAnteriorComplex(canvas, axes, plane);
  for (const side of [-1, 1] as const) paintVentricle(canvas, axes, plane, side);
}

type Axes = readonly [number, number];

/** The falx before the cavum and behind the thalami; a fainter line between the hemispheres there. */
function paintMidline(canvas: Canvas, [a]: Axes, cavumMm: number): void {
  const front = cavumMm > 0 ? 0.6 : 0.5;
  const line = { tissue: tissue.falx, label: structures.falx, edge: 0.6 };
  paint(canvas, stroke([0.97 * a, 0, 0.45], [front * a, 0, 0.3]), line);
  paint(canvas, stroke([-0.3 * a, 0, 0.25], [-0.97 * a, 0, 0.45]), line);
}

export function paintThalami(canvas: Canvas, [a, b]: Axes): void {
  for (const side of [-1, 1] as const) {
    const oval = ellipse([-0.02 * a, side * 0.19 * b], [0.2 * a, 0.17 * b], side * 24);
    paint(canvas, oval, { tissue: tissue.grey, label: structures.thalami, edge: 1.2 });
    paint(canvas, rim(oval, 0.3), { tissue: { ...tissue.wall, echo: -13, impedance: 1.01 }, edge: 0.8 });
  }
  // The third ventricle: two walls and a slit.
  const slit = { tissue: tissue.wall, label: structures.thalami, edge: 0.5 };
  for (const side of [-1, 1] as const) paint(canvas, stroke([0.1 * a, side * 0.7, 0.25], [-0.14 * a, side * 0.6, 0.25]), slit);
}

/** The cavum as a box between two leaflets with a frontal horn on each side; without a cavum the horns are one space. */
export function paintAnteriorComplex(
  canvas: Canvas,
  [a, b]: Axes,
  { cavumMm, atriumMm }: Pick<VentriclePlane, "cavumMm" | "atriumMm">,
): void {
  const large = (mm: number) => Math.max(0, mm - 9) / 9; // a wide atrium comes with a wide horn
  for (const side of [-1, 1] as const) {
    const wide = large(side < 0 ? atriumMm.near : atriumMm.far);
    const inner = cavumMm > 0 ? cavumMm / 2 + 0.9 : 0.2;
    const radius = (0.045 + 0.07 * wide) * b;
    const horn = stroke(
      [0.56 * a, side * (inner + 1.3 * radius + 0.5), 0.9 * radius],
      [0.42 * a, side * (inner + 1.8 * radius + 0.1 * b), 1.2 * radius],
      [0.24 * a, side * (inner + 1.2 * radius + 0.17 * b), 0.7 * radius],
    );
    paint(canvas, horn, { tissue: tissue.ventricle, label: structures.frontalHorn });
    paint(canvas, rim(horn, 0.5), { tissue: tissue.wall, edge: 0.5, within: [structures.brain, structures.frontalHorn] });
  }
  if (cavumMm > 0) paintCavum(canvas, a, cavumMm);
  else paintCommonHorn(canvas, [a, b]);
}

function paintCavum(canvas: Canvas, a: number, cavumMm: number): void {
  const half = cavumMm / 2;
  const box = stroke([0.52 * a, 0, half], [0.3 * a, 0, 0.8 * half]);
  paint(canvas, box, { tissue: tissue.ventricle, label: structures.cavum });
  for (const side of [-1, 1]) {
    const leaflet = stroke([0.54 * a, side * half, 0.35], [0.28 * a, side * 0.85 * half, 0.3]);
    paint(canvas, leaflet, { tissue: { ...tissue.falx, echo: 0 }, label: structures.cavum, edge: 0.5 });
  }
  // The genu of the corpus callosum closes it in front.
  paint(canvas, stroke([0.58 * a, -half - 0.4, 0.5], [0.61 * a, 0, 0.6], [0.58 * a, half + 0.4, 0.5]), { tissue: tissue.brain });
}

function paintCommonHorn(canvas: Canvas, [a, b]: Axes): void {
  const space = stroke([0.46 * a, -0.1 * b, 0.07 * b], [0.44 * a, 0, 0.08 * b], [0.46 * a, 0.1 * b, 0.07 * b]);
  paint(canvas, space, { tissue: tissue.ventricle, label: structures.cavum });
  paint(canvas, rim(space, 0.4), { tissue: tissue.wall, edge: 0.5, within: [structures.brain] });
}

/** Body, atrium and occipital horn of one side, with its walls and choroid plexus. */
function paintVentricle(canvas: Canvas, [a, b]: Axes, { atriumMm, choroid }: VentriclePlane, side: -1 | 1): void {
  const half = (side < 0 ? atriumMm.near : atriumMm.far) / 2;
  // Pushed outwards by its own width, and never out of the brain.
  const v = side * Math.min(0.4 * b + 0.75 * half, 0.86 * b - half);
  const lumen = stroke(
    [0.08 * a, side * 0.36 * b, 0.35 * half],
    [-0.22 * a, side * (Math.abs(v) - 0.2), 0.75 * half],
    [-0.46 * a, v, half],
    [-0.62 * a, v - side * 0.06 * b, 0.75 * half],
    [-0.73 * a, side * Math.max(0.2 * b, Math.abs(v) - 0.14 * b), 0.35 * half],
  );
  const label = side < 0 ? structures.nearVentricle : structures.farVentricle;
  const inside = [structures.brain, structures.thalami, label];
  paint(canvas, lumen, { tissue: tissue.ventricle, label, within: inside });
  paint(canvas, rim(lumen, 0.5), { tissue: tissue.wall, edge: 0.5, within: inside });
  // Choroid lies on the lower wall of a wide ventricle and fills a narrow one.
  const plexus = Math.min(0.5 * choroid * 2 * half, 3.4);
  const sunk = side > 0 ? half - plexus - 0.3 : -(half - plexus - 0.3) + 0.6;
  const cord = stroke(
    [0.02 * a, side * 0.37 * b, 0.3 * half],
    [-0.24 * a, v - side * 0.3 + 0.6 * sunk, 0.8 * plexus],
    [-0.44 * a, v + sunk, plexus],
    [-0.53 * a, v + sunk, 0.7 * plexus],
  );
  paint(canvas, cord, { tissue: tissue.choroid, label, edge: 0.8, within: [label] });
}

/** The Sylvian fissure: an open notch with an echogenic floor over the insula. */
function paintInsula(canvas: Canvas, [a, b]: Axes, { sylvian }: VentriclePlane, side: -1 | 1): void {
  const floor = side * (1 - sylvian) * b;
  const notch = stroke(
    [0.3 * a, side * 0.93 * b, 1],
    [0.16 * a, floor, 0.7],
    [-0.12 * a, floor, 0.7],
    [-0.22 * a, side * 0.9 * b, 1],
  );
  paint(canvas, notch, { tissue: tissue.csf, within: [structures.brain, structures.csf], edge: 1 });
  const line = stroke(
    [0.24 * a, side * 0.85 * b, 0.3],
    [0.14 * a, floor, 0.4],
    [-0.12 * a, floor, 0.4],
    [-0.2 * a, side * 0.86 * b, 0.3],
  );
  paint(canvas, line, { tissue: tissue.wall, within: [structures.brain], edge: 0.8 });
}
