import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import type { LabelVolume, Volume } from "../../core/volume.ts";
import { type Canvas, canvasVolumes, coverage, leastFluid, makeCanvas, mirroredBounds, paint } from "./canvas.ts";
import { paintCentre } from "./central.ts";
import { paintCerebrum } from "./cerebrum.ts";
import type { PhantomAnatomy } from "./draw.ts";
import { paintDura } from "./dura.ts";
import { type Field, smoothstep } from "./fields.ts";
import { type Frame, makeFrame, templateHalf } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import { brainstem, cerebellum, fourthVentricle, hindbrainFrame, hindbrainNuclei, pineal, posteriorFossa } from "./hindbrain.ts";
import { finishImage } from "./intensity.ts";
import { type Bounds, latticeField, sampleField } from "./lattice.ts";
import { waveNoise } from "./noise.ts";
import { type Cavity, cavity } from "./skull.ts";

/** A built brain: intensities (1.0 = the 90th percentile of cerebrospinal fluid) and tissue ids of core/tissue.ts, on one grid. */
export interface Phantom {
  readonly image: Volume<Float32Array>;
  readonly tissue: LabelVolume;
}

/** SD of the point spread of a super-resolution reconstruction, mm; our guess. */
const pointSpread = 0.42;

/** Cerebral volume, ml, of the template frame at each age, folds cut: found by counting built voxels. */
const templateCerebrum = (age: number): number => interpolateHeld([20, 24, 30, 36], [172, 171, 170, 172], age);

/** The frame in which the anatomy has its width, length and cerebral volume. */
export function frameOf(anatomy: PhantomAnatomy): Frame {
  const fx = anatomy.brainWidth / 2 / templateHalf[0];
  const fy = anatomy.brainLength / 2 / templateHalf[1];
  return makeFrame([fx, fy, anatomy.cerebrum / (templateCerebrum(anatomy.gestationalAge) * fx * fy)]);
}

/**
 * Builds the voxels of a drawn brain with skull and scalp. The mid-sagittal plane is world x = 0; world axes are RAS+, and the left half of
 * the brain has x < 0. Outside the scalp the image is 0; outside the skull's inner table the tissue is background.
 *
 * @param spacingMm - Voxel size, mm, 0.5 to 2.
 */
export function buildPhantom(anatomy: PhantomAnatomy, spacingMm: number): Phantom {
  const frame = frameOf(anatomy);
  const hind = hindbrainFrame(frame, anatomy.transcerebellar);
  const inside = cavity(
    frame,
    {
      innerWidth: anatomy.skullBiparietal - anatomy.skullThickness,
      innerLength: anatomy.skullOccipitofrontal,
      vertexFluid: anatomy.vertexFluid,
    },
    posteriorFossa(hind, anatomy.cisternaMagna),
  );
  const canvas = makeCanvas(mirroredBounds(inside.bounds), spacingMm, warpFields(anatomy, inside.bounds));
  paintHead(canvas, inside, anatomy);
  paintDura(canvas, frame, inside, anatomy.gestationalAge);
  paintCerebrum(canvas, anatomy, frame);
  paintCentre(canvas, anatomy, frame);
  paintHindbrain(canvas, anatomy, hind);
  finishImage(canvas, anatomy.contrast, anatomy.textureSeed, pointSpread);
  return canvasVolumes(canvas);
}

/** Three smooth displacement fields; the left-right one fades towards the midline, which stays put. */
function warpFields({ warp }: PhantomAnatomy, bounds: Bounds): readonly [Field, Field, Field] {
  const rng = seededRng(warp.seed);
  const box = mirroredBounds(bounds);
  const make = (axis: string): Field => {
    const noise = waveNoise(rng.fork(axis), [35, 70], 10);
    const move: Field =
      axis === "x"
        ? (x, y, z) => warp.size * noise(x, y, z) * smoothstep(0, 10, Math.abs(x))
        : (x, y, z) => warp.size * noise(x, y, z);
    return latticeField(sampleField(move, box, 5));
  };
  return [make("x"), make("y"), make("z")];
}

/** Scalp, skull, and fluid wherever the cavity is. */
function paintHead(canvas: Canvas, inside: Cavity, { skullThickness, scalpThickness, contrast }: PhantomAnatomy): void {
  const { x, y, z, image, tissue, spacing } = canvas;
  for (let n = 0; n < image.length; n++) {
    const d = inside.distance(x[n]! < 0 ? -x[n]! : x[n]!, y[n]!, z[n]!);
    canvas.wall[n] = d;
    const head = coverage(d - skullThickness - scalpThickness, spacing);
    if (head <= 0) continue;
    const bone = coverage(d - skullThickness, spacing);
    const fluid = coverage(d, spacing);
    image[n] = head * (contrast.scalp + bone * (contrast.skull - contrast.scalp));
    image[n] = image[n]! + fluid * (contrast.csf - image[n]!);
    if (d < 0) tissue[n] = tissues.csf;
  }
}

function paintHindbrain(canvas: Canvas, { contrast, gestationalAge }: PhantomAnatomy, frame: Frame): void {
  const stem = brainstem(frame);
  const small = cerebellum(frame, gestationalAge, stem.shape);
  paint(canvas, small.bounds, small.shape, { tissue: tissues.cerebellum, intensity: contrast.cerebellum, clear: leastFluid });
  paint(canvas, stem.bounds, stem.shape, { tissue: tissues.brainstem, intensity: contrast.brainstem });
  const inner = hindbrainNuclei(frame);
  const darker = interpolateHeld([22, 34], [0.03, 0.11], gestationalAge);
  paint(canvas, inner.bounds, inner.tegmentum, { tissue: null, intensity: contrast.brainstem - darker, edge: 4 });
  paint(canvas, inner.bounds, inner.dentate, { tissue: null, intensity: contrast.cerebellum - 0.06, edge: 4 });
  const gland = pineal(frame);
  paint(canvas, gland.bounds, gland.shape, { tissue: tissues.otherBrain, intensity: contrast.brainstem });
  const fourth = fourthVentricle(frame);
  paint(canvas, fourth.bounds, fourth.space, { tissue: tissues.otherVentricle, intensity: contrast.ventricle });
}
