import { applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { between, type Rng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { addScaled, orthonormal } from "../../core/vector.ts";
import type { Bleed, BleedPart, BleedPlan, BlobBleed, Grade } from "../bleed/bleed.ts";
import { type CaseSignals, drawLook } from "../bleed/draw.ts";
import type { LesionOptions } from "../bleed/options.ts";
import { drawRoughness, drawVoxel, lateralOf } from "../bleed/places.ts";
import type { Anatomy } from "../priors/anatomy.ts";
import { siteWeights } from "../priors/index.ts";
import type { Side } from "../priors/midplane.ts";
import type { Scene } from "../scene.ts";
import { UnfitError } from "../unfit.ts";
import type { ControlOptions } from "./options.ts";

/** What a control is drawn into. */
export interface ControlGround {
  readonly scene: Scene;
  readonly anatomy: Anatomy;
  readonly signals: CaseSignals;
}

type Control = Exclude<ControlOptions, { kind: "full" }>;

/**
 * Draws what a control paints instead of a bleed of the plan. It is a {@link Bleed} of ellipsoids that know no anatomy,
 * so that painting, checking and writing are the same.
 *
 * @throws {UnfitError} If there is no place for it.
 */
export function drawControl(rng: Rng, control: Control, plan: BleedPlan, ground: ControlGround, lesion: LesionOptions): Bleed {
  switch (control.kind) {
    case "random-blobs":
      return plain(plan, [anyBlob(rng, plan, ground, brainWeights(ground.anatomy))]);
    case "intensity-only": {
      const { signal, ...look } = drawLook(rng.fork("look"), plan, ground.signals, lesion);
      const part = { ...anyBlob(rng, plan, ground, brainWeights(ground.anatomy)), signal };
      return { ...plain(plan, [part]), stage: plan.stage, ...look };
    }
    case "site-only":
      return plain(plan, siteBlobs(rng, plan, ground));
    case "foreign-patch":
      return plain(plan, [patch(rng, plan, ground, control.share)]);
    case "ellipses":
      return ellipses(rng, plan, ground);
    default:
      return control satisfies never;
  }
}

/** Hard-edged, of one signal. */
function plain(plan: BleedPlan, parts: readonly BleedPart[]): Bleed {
  const texture = { sigma: 0, noise: { wavelengthMm: 5, seed: 0 } };
  return { grade: plan.grade, stage: "dark", parts, edgeMm: 0.6, texture, rim: null };
}

/** ml of blood by grade: what the full prior gives, 5 % to 95 % (docs/synthesis.md). */
const volumeMl: Readonly<Record<Grade, readonly [number, number]>> = {
  1: [0.02, 0.28],
  2: [0.33, 1.4],
  3: [2.3, 8.6],
  4: [1, 9.9],
};

function brainWeights({ tissue }: Anatomy): Float32Array {
  return Float32Array.from(tissue.data, (id) => (id === tissues.background ? 0 : 1));
}

function anyBlob(rng: Rng, plan: BleedPlan, ground: ControlGround, weights: Float32Array): BleedPart {
  const shape = drawBlob(rng.fork("blob"), plan.grade, weights, ground.anatomy);
  return {
    ...shape,
    side: sideOf(ground.anatomy, shape.centre),
    signal: anySignal(rng.fork("signal"), ground.scene, shape.centre),
  };
}

function sideOf({ frame }: Anatomy, world: Vec3): Side {
  return lateralOf(frame, world) > 0 ? "right" : "left";
}

/** An irregular ellipsoid of a grade's volume, turned anyhow, about a voxel drawn by weight. */
function drawBlob(rng: Rng, grade: Grade, weights: Float32Array, anatomy: Anatomy): BlobBleed {
  const at = drawVoxel(rng, weights, anatomy);
  if (!at) throw new UnfitError("no place was found for a blob");
  const ml = Math.exp(between(rng, volumeMl[grade].map(Math.log) as unknown as readonly [number, number]));
  const proportions = [1, between(rng, [0.5, 1]), between(rng, [0.5, 1])] as const;
  const scale = Math.cbrt((750 * ml) / (Math.PI * proportions[1] * proportions[2]));
  const radii = proportions.map((p) => p * scale) as unknown as Vec3;
  return {
    site: "anywhere",
    centre: at.world,
    axes: anyAxes(rng),
    radii,
    roughness: drawRoughness(rng, 0.12 * Math.min(...radii), [0.8 * scale, 1.6 * scale]),
  };
}

function anyAxes(rng: Rng): readonly [Vec3, Vec3, Vec3] {
  const any = (): Vec3 => [rng.normal(), rng.normal(), rng.normal()];
  return orthonormal(any(), any());
}

/** Any signal from 0 to 1.1 that differs from the image at a place by at least .1. */
function anySignal(rng: Rng, { image }: Scene, world: Vec3): number {
  const [x, y, z] = applyAffine(invertAffine(image.affine), world).map(Math.round) as unknown as Vec3;
  const here = image.data[x + image.shape[0] * (y + image.shape[1] * z)]!;
  const [low, high] = [Math.min(1.1, Math.max(0, here - 0.1)), Math.min(1.1, here + 0.1)]; // empty where the image is brighter than any
  const u = rng.uniform() * (1.1 - (high - low));
  return u < low ? u : u + (high - low);
}

/** One blob for each site that the plan has blood in. */
function siteBlobs(rng: Rng, plan: BleedPlan, ground: ControlGround): BleedPart[] {
  const { anatomy, signals, scene } = ground;
  return plan.sides.map((side) => {
    const own = rng.fork(side.side);
    const site = side.grade === 4 ? "periventricular" : side.fill !== null ? "lumen" : "germinalMatrix";
    const shape = drawBlob(own.fork("blob"), side.grade, siteWeights(site, anatomy, side.side, signals.weeks), anatomy);
    return { ...shape, side: side.side, signal: anySignal(own.fork("signal"), scene, shape.centre) };
  });
}

/** Source: CutPaste, Li et al. 2021, arXiv 2104.04015; foreign patch interpolation, Tan et al. 2020, arXiv 2011.04197. The patch is the same case's. */
function patch(rng: Rng, plan: BleedPlan, ground: ControlGround, share: readonly [number, number]): BleedPart {
  const { anatomy } = ground;
  const shape = drawBlob(rng.fork("blob"), plan.grade, brainWeights(anatomy), anatomy);
  const from = drawVoxel(rng.fork("from"), brainWeights(anatomy), anatomy)!;
  const offset = addScaled(from.world, shape.centre, -1);
  if (Math.hypot(...offset) < Math.max(...shape.radii)) throw new UnfitError("the foreign patch lies in its own place");
  return {
    ...shape,
    side: sideOf(anatomy, shape.centre),
    signal: 0,
    patch: { offset, share: between(rng.fork("share"), share) },
  };
}

/**
 * 1 to 4 ellipses, semi-axes 20-50 and 10-25 of 256 pixels, centred N(middle, a sixth of the width), as the baseline of FCDD in the
 * CT code that published it; sizes relative to the brain's width, ellipsoids whose third axis is a short one, and dark (0 to .5) where
 * blood is bright in CT.
 */
function ellipses(rng: Rng, plan: BleedPlan, { anatomy }: ControlGround): Bleed {
  const { low, high } = brainBox(anatomy);
  const middle = low.map((v, a) => (v + high[a]!) / 2) as unknown as Vec3;
  const width = Math.max(...high.map((v, a) => v - low[a]!));
  const count = 1 + rng.below(4);
  const parts = Array.from({ length: count }, (_, i): BleedPart => {
    const own = rng.fork(i);
    const centre = middle.map((v, a) => v + ((high[a]! - low[a]!) / 6) * own.normal()) as unknown as Vec3;
    const [long, short, third] = [between(own, [20, 50]), between(own, [10, 25]), between(own, [10, 25])];
    const radii = [long, short, third].map((px) => (px / 256) * width) as unknown as Vec3;
    const roughness = { amplitudeMm: 0, noise: { wavelengthMm: 5, seed: 0 } };
    return {
      site: "anywhere",
      centre,
      axes: anyAxes(own),
      radii,
      roughness,
      side: sideOf(anatomy, centre),
      signal: 0.5 * own.uniform(),
    };
  });
  const noise = { wavelengthMm: 1.5, seed: rng.fork("texture").below(2 ** 31) };
  return { ...plain(plan, parts), texture: { sigma: 0.05, noise } };
}

/** The brain's box in the world, mm. */
function brainBox({ tissue }: Anatomy): { low: Vec3; high: Vec3 } {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const [nx, ny] = tissue.shape;
  for (let i = 0; i < tissue.data.length; i++) {
    if (tissue.data[i] === tissues.background) continue;
    const p = applyAffine(tissue.affine, [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))]);
    for (let a = 0; a < 3; a++) [low[a], high[a]] = [Math.min(low[a]!, p[a]!), Math.max(high[a]!, p[a]!)];
  }
  return { low: low as unknown as Vec3, high: high as unknown as Vec3 };
}
