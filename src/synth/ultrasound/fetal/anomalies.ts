import { type Canvas, paint, type Shape } from "../canvas.ts";
import { ellipse, grown, rim, stroke, without } from "../shapes.ts";
import { innerAxes, type Skull } from "./head.ts";
import { structures } from "./structures.ts";
import { fetalTissues as tissue } from "./tissue.ts";

/**
 * Holoprosencephaly in the transventricular plane: one ventricle across the midline, open to the front or the back, around fused thalami;
 * no falx, no cavum.
 *
 * @param extent - 0: semilobar, a falx behind and a thick mantle; 1: alobar, a thin mantle.
 */
export function paintHoloprosencephaly(canvas: Canvas, skull: Skull, extent: number): void {
  const [a, b] = innerAxes(skull);
  if (extent < 0.35)
    paint(canvas, stroke([-0.62 * a, 0, 0.3], [-0.97 * a, 0, 0.45]), { tissue: tissue.falx, label: structures.falx, edge: 0.6 });
  const size = 0.82 + 0.18 * extent;
  const fused = ellipse([-0.26 * a, 0], [0.3 * a, 0.34 * b]);
  const horseshoe = without(ellipse([0.03 * a, 0], [0.62 * size * a, 0.82 * size * b]), grown(fused, 1));
  paint(canvas, horseshoe, { tissue: tissue.ventricle, label: structures.farVentricle, edge: 0.6 });
  paint(canvas, rim(horseshoe, 0.6), { tissue: tissue.wall, edge: 0.6, within: [structures.brain, structures.farVentricle] });
  paint(canvas, fused, { tissue: tissue.grey, label: structures.thalami, edge: 1 });
  for (const side of [-1, 1]) {
    const tuft = stroke([0.04 * a, side * 0.3 * b, 1.2], [-0.16 * a, side * 0.44 * b, 1.8]);
    paint(canvas, tuft, { tissue: tissue.choroid, edge: 0.8, within: [structures.farVentricle] });
  }
}

/** Centre and radius of the sac of an encephalocele behind a head, mm; our guess. */
export function sacOf(skull: Skull, extent: number): { readonly u: number; readonly radius: number } {
  const radius = (0.28 + 0.27 * extent) * (skull.biparietal / 2);
  return { u: -skull.occipitofrontal / 2 - 0.78 * radius, radius };
}

/** Encephalocele: a gap in the occipital bone through which a sac hangs; the larger it is, the more brain it holds. Paint it after the head. */
export function paintEncephalocele(canvas: Canvas, skull: Skull, extent: number): void {
  const { u, radius } = sacOf(skull, extent);
  const [a] = innerAxes(skull);
  const sac = ellipse([u, 0.1 * radius], [radius, 1.05 * radius]);
  const gap = stroke([-a + 3, 0, 0.3 * radius], [-a - 4, 0, 0.32 * radius]);
  const outside = [structures.outside, structures.fluid, structures.body, structures.sac, structures.skull];
  paint(canvas, grown(sac, 0.9), { tissue: { ...tissue.skin, echo: 2 }, label: structures.sac, edge: 0.8, within: outside });
  paint(canvas, sac, { tissue: tissue.csf, label: structures.sac, within: [structures.sac] });
  paint(canvas, gap, { tissue: tissue.brain, label: structures.sac, within: [...outside, structures.csf], edge: 1 });
  const brain = ellipse([u + 0.3 * radius, 0], [0.62 * radius, (0.35 + 0.4 * extent) * radius]);
  paint(canvas, brain, { tissue: { ...tissue.brain, echo: -12 }, label: structures.sac, within: [structures.sac], edge: 1.2 });
  paint(canvas, rim(brain, 0.5), { tissue: tissue.wall, within: [structures.sac], edge: 0.8 });
}

/**
 * A coronal cut through the face; u points to the vertex, v to one side. Orbits, nose, jaws, neck and shoulders, and above them the vault.
 *
 * @param vault - Whether there is one. Without: anencephaly, the orbits bulge above everything ("frog eyes") under a little ragged tissue.
 */
export function paintFace(canvas: Canvas, skull: Skull, vault: boolean, extent: number): void {
  const half = skull.biparietal / 2;
  paintNeck(canvas, half);
  const low = ellipse([-0.28 * half, 0], [0.85 * half, 0.72 * half]);
  paint(canvas, low, { tissue: { ...tissue.body, echo: -10 }, label: structures.body, edge: 1.5 });
  if (vault) paintVault(canvas, skull, half);
  else paintExposed(canvas, half, extent);
  const orbit = (side: number): Shape => ellipse([0.08 * half, side * 0.4 * half], [0.25 * half, 0.27 * half]);
  for (const side of [-1, 1]) {
    const eye = orbit(side);
    paint(canvas, grown(eye, 1.1), { tissue: thinBone, label: structures.face, edge: 0.8 });
    paint(canvas, eye, { tissue: { ...tissue.ventricle, echo: -32 }, label: structures.face });
    paint(canvas, rim(ellipse([0.1 * half, side * 0.4 * half], [0.08 * half, 0.08 * half]), 0.5), {
      tissue: tissue.wall,
      edge: 0.5,
    });
  }
  const bones = [
    stroke([-0.05 * half, 0, 0.8], [-0.32 * half, 0, 1.4]), // nose
    stroke([-0.42 * half, -0.26 * half, 1], [-0.36 * half, 0, 1.1], [-0.42 * half, 0.26 * half, 1]), // upper jaw
    stroke([-0.66 * half, -0.34 * half, 1], [-0.84 * half, 0, 1], [-0.66 * half, 0.34 * half, 1]), // lower jaw
  ];
  for (const bone of bones) paint(canvas, bone, { tissue: thinBone, label: structures.face, edge: 0.8 });
}

function paintVault(canvas: Canvas, skull: Skull, half: number): void {
  const vault = ellipse([0.62 * half, 0], [0.95 * half, 0.98 * half]);
  const above: Shape = { ...vault, distance: (u, v) => Math.max(vault.distance(u, v), 0.12 * half - u) };
  paint(canvas, grown(vault, skull.skinMm), { tissue: tissue.skin, label: structures.body });
  paint(canvas, vault, { tissue: tissue.bone, label: structures.skull, edge: 0.6 });
  const inner = grown(above, -skull.boneMm);
  paint(canvas, inner, { tissue: tissue.brain, label: structures.brain, edge: 0.8 });
  paint(canvas, stroke([0.2 * half, 0, 0.3], [1.5 * half, 0, 0.4]), {
    tissue: tissue.falx,
    within: [structures.brain],
    edge: 0.6,
  });
  for (const side of [-1, 1])
    paint(canvas, ellipse([0.75 * half, side * 0.24 * half], [0.2 * half, 0.07 * half], side * 20), {
      tissue: tissue.ventricle,
      within: [structures.brain],
      edge: 0.6,
    });
}

/** What is left above the orbits without a vault: low, ragged, echogenic. */
function paintExposed(canvas: Canvas, half: number, extent: number): void {
  for (const [v, height] of [
    [-0.38, 0.16],
    [-0.05, 0.24],
    [0.3, 0.12],
  ] as const) {
    const lump = ellipse([(0.36 + 0.4 * height) * half, v * half], [(height + 0.12 * extent) * half, 0.24 * half]);
    paint(canvas, lump, { tissue: { ...tissue.placenta, echo: -4, density: 0.6 }, label: structures.exposed, edge: 1.5 });
  }
}

/** Anencephaly where a plane of the brain should be: no skull, ragged tissue in the fluid. Its size is our guess. */
export function paintBareHead(canvas: Canvas, skull: Skull, extent: number): void {
  const half = skull.biparietal / 2;
  const tissues = { tissue: { ...tissue.placenta, echo: -4, density: 0.6 }, label: structures.exposed, edge: 1.5 };
  for (const [u, v, size] of [
    [-0.34, -0.12, 0.3],
    [0.02, 0.16, 0.36],
    [0.32, -0.1, 0.26],
    [-0.08, -0.3, 0.22],
  ] as const) {
    const radius = (size + 0.1 * extent) * half;
    paint(canvas, ellipse([u * half, v * half], [1.15 * radius, 0.85 * radius]), tissues);
  }
}

function paintNeck(canvas: Canvas, half: number): void {
  const trunk = stroke([-0.9 * half, 0, 0.42 * half], [-1.5 * half, 0, 0.75 * half], [-2.6 * half, 0, 1.05 * half]);
  paint(canvas, trunk, { tissue: tissue.body, label: structures.body, edge: 1.5 });
  for (let i = 0; i < 8; i++) {
    const u = (-1.25 - 0.14 * i) * half;
    for (const side of [-1, 1])
      paint(canvas, ellipse([u, side * 0.09 * half], [0.035 * half, 0.05 * half]), { tissue: tissue.bone, edge: 0.8 });
  }
}

/** Bone of the face. */
const thinBone = { ...tissue.bone, loss: 14 };
