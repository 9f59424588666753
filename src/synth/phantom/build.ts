import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import type { LabelVolume, Volume } from "../../core/volume.ts";
import { type Canvas, canvasVolumes, coverage, forEachIn, makeCanvas, paint } from "./canvas.ts";
import { core, corpusCallosum, deepGrey, hippocampus } from "./deep.ts";
import type { PhantomAnatomy } from "./draw.ts";
import { clamp, type Field, smoothMax, smoothstep, without } from "./fields.ts";
import { type Frame, makeFrame, templateHalf } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import { type Hemisphere, hemisphere } from "./hemisphere.ts";
import { brainstem, cerebellum, fourthVentricle, hindbrainFrame, posteriorFossa } from "./hindbrain.ts";
import { type Bounds, latticeField, sampleField } from "./lattice.ts";
import { waveNoise } from "./noise.ts";
import { type Cavity, cavity } from "./skull.ts";
import { foldedSurface } from "./sulci.ts";
import { sylvianFossa } from "./sylvian.ts";
import { besideCavum, cavum, choroidPlexus, eminenceShare, lateralVentricle, thirdVentricle } from "./ventricles.ts";

/** A built brain: intensities (1.0 = the 90th percentile of cerebrospinal fluid) and tissue ids of core/tissue.ts, on one grid. */
export interface Phantom {
  readonly image: Volume<Float32Array>;
  readonly tissue: LabelVolume;
}

const sides = ["right", "left"] as const;
type Side = (typeof sides)[number];

/** Cerebral volume, ml, of the template frame at each age, folds cut: found by counting built voxels. */
const templateCerebrum = (age: number): number => interpolateHeld([20, 24, 30, 36], [170, 170, 170, 172], age);

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
  const canvas = makeCanvas(headBounds(inside.bounds), spacingMm, warpFields(anatomy, inside.bounds));
  paintHead(canvas, inside, anatomy);
  const shape = hemisphere(frame, anatomy.gestationalAge);
  const pial = paintCerebrum(canvas, anatomy, frame, shape);
  paintDeep(canvas, anatomy, frame, pial);
  paintHindbrain(canvas, anatomy, hind);
  finish(canvas, anatomy);
  return canvasVolumes(canvas);
}

function headBounds({ low, high }: Bounds): Bounds {
  return { low: [-high[0], low[1], low[2]], high };
}

/** Three smooth displacement fields; the left-right one fades towards the midline, which stays put. */
function warpFields({ warp }: PhantomAnatomy, bounds: Bounds): readonly [Field, Field, Field] {
  const rng = seededRng(warp.seed);
  const box = headBounds(bounds);
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
    const head = coverage(d - skullThickness - scalpThickness, spacing);
    if (head <= 0) continue;
    const bone = coverage(d - skullThickness, spacing);
    const fluid = coverage(d, spacing);
    image[n] = head * (contrast.scalp + bone * (contrast.skull - contrast.scalp));
    image[n] = image[n]! + fluid * (contrast.csf - image[n]!);
    if (d < 0) tissue[n] = tissues.csf;
  }
}

/** Cortex and white matter. Returns the signed distance to the pial surface, 1e3 far away. */
function paintCerebrum(canvas: Canvas, anatomy: PhantomAnatomy, frame: Frame, shape: Hemisphere): Float32Array {
  const { x, y, z, spacing } = canvas;
  const age = anatomy.gestationalAge;
  const fossa = sylvianFossa(frame, age);
  const bare = core(frame);
  const pial = new Float32Array(x.length).fill(1e3);
  const bareness = new Float32Array(x.length).fill(1e3);
  const surface = {
    right: foldedSurface(shape, frame, age, anatomy.folding.right),
    left: foldedSurface(shape, frame, age, anatomy.folding.left),
  };
  forEachIn(canvas, headBounds(shape.bounds), (n) => {
    if (canvas.tissue[n] === 0) return;
    const side = x[n]! < 0 ? "left" : "right";
    const ax = Math.abs(x[n]!);
    let d = surface[side](ax, y[n]!, z[n]!);
    if (d > 2 * spacing) return;
    d = smoothMax(d, -fossa(ax, y[n]!, z[n]!), 2);
    pial[n] = d;
    if (d > -8) bareness[n] = bare.shape(x[n]!, y[n]!, z[n]!);
  });
  const thickness = cortexThickness(pial, bareness, anatomy.cortexVolume, spacing);
  const { contrast } = anatomy;
  for (let n = 0; n < pial.length; n++) {
    const d = pial[n]!;
    if (d >= spacing / 2) continue;
    const white = Math.max(coverage(d + thickness, spacing), coverage(bareness[n]!, spacing));
    const value = contrast.cortex + white * (whiteMatterAt(contrast, -d - thickness, age) - contrast.cortex);
    canvas.image[n] = canvas.image[n]! + coverage(d, spacing) * (value - canvas.image[n]!);
    if (d < 0) canvas.tissue[n] = white > 0.5 ? tissues.whiteMatter : tissues.cortex;
  }
  paint(canvas, bare.bounds, bare.shape, tissues.whiteMatter, contrast.whiteMatter);
  return pial;
}

/** Brightness of the white matter `depth` mm under the cortex: subplate, then intermediate zone. */
function whiteMatterAt({ whiteMatter, layering }: PhantomAnatomy["contrast"], depth: number, age: number): number {
  const subplate = interpolateHeld([20, 26, 32, 36], [2.5, 4, 3, 2], age);
  return (
    whiteMatter +
    layering * (1 - smoothstep(subplate, subplate + 2.5, depth)) -
    layering * smoothstep(subplate, subplate + 2.5, depth) * (1 - smoothstep(subplate + 5, subplate + 9, depth))
  );
}

/** The thickness, mm, at which the ribbon under the pial surface has the wanted volume (ml). */
function cortexThickness(pial: Float32Array, bareness: Float32Array, volume: number, spacing: number): number {
  const bins = new Float64Array(400); // hundredths of a millimetre under the surface
  for (let n = 0; n < pial.length; n++) {
    const d = pial[n]!;
    if (d >= 0 || d <= -4 || bareness[n]! < 0) continue;
    bins[Math.floor(-d * 100)]!++;
  }
  const wanted = (volume * 1000) / spacing ** 3;
  let sum = 0;
  for (let i = 0; i < bins.length; i++) {
    sum += bins[i]!;
    if (sum >= wanted) return clamp((i + 1) / 100, 0.8, 3.5);
  }
  return 3.5;
}

/** Callosum, cavum, ventricles, germinal matrix, deep grey matter, hippocampus. */
function paintDeep(canvas: Canvas, anatomy: PhantomAnatomy, frame: Frame, _pial: Float32Array): void {
  const { contrast, gestationalAge: age } = anatomy;
  const callosum = corpusCallosum(frame);
  paint(canvas, callosum.bounds, callosum.shape, tissues.corpusCallosum, contrast.corpusCallosum);
  const septum = cavum(frame, age, anatomy.cavumWidth);
  paint(canvas, septum.bounds, without(septum.space, callosum.shape, 0.5), tissues.cavum, contrast.ventricle);
  const grey = deepGrey(frame, anatomy.deepGreyVolume);
  for (const side of sides) {
    const size = anatomy.ventricles[side];
    const { lumen: tubes, bounds } = lateralVentricle(frame, size);
    const lumen = without(besideCavum(tubes, septum.space, 0.9), callosum.shape, 0.5);
    const width = anatomy.germinalMatrixWidth;
    const eminence = eminenceShare(frame);
    const zone = interpolateHeld([20, 26, 32], [0.9, 0.6, 0], age);
    const matrix: Field = (x, y, z) => {
      const d = lumen(x, y, z);
      return d > width ? d : d - Math.max(zone, width * eminence(x, y, z));
    };
    const paintSide = (box: Bounds, shape: Field, tissue: number | null, value: number) =>
      paint(canvas, sideBounds(side, box), oneSided(side, shape), tissue, value);
    const hippo = hippocampus(frame, lumen);
    paintSide(hippo.bounds, hippo.shape, tissues.cortex, (contrast.cortex + contrast.whiteMatter) / 2);
    for (const nucleus of [grey.thalamus, grey.caudate, grey.lentiform])
      paintSide(grey.bounds, nucleus, tissues.deepGrey, contrast.deepGrey);
    if (width > 0)
      paintSide(grow(bounds, 3), without(matrix, callosum.shape, 0.3), tissues.germinalMatrix, contrast.germinalMatrix);
    paintSide(bounds, lumen, tissues.lateralVentricle, contrast.ventricle);
    paintSide(bounds, choroidPlexus(frame, lumen, size.atrialWidth), null, contrast.choroid);
  }
  const third = thirdVentricle(frame, age);
  paint(canvas, third.bounds, third.space, tissues.otherVentricle, contrast.ventricle);
}

function grow({ low, high }: Bounds, by: number): Bounds {
  return { low: low.map((v) => v - by) as unknown as Bounds["low"], high: high.map((v) => v + by) as unknown as Bounds["high"] };
}

/** A shape written for the right side, put on a side; empty across the midline. */
function oneSided(side: Side, shape: Field): Field {
  const sign = side === "right" ? 1 : -1;
  return (x, y, z) => (sign * x < 0 ? 1e3 : shape(sign * x, y, z));
}

function sideBounds(side: Side, { low, high }: Bounds): Bounds {
  return side === "right" ? { low, high } : { low: [-high[0], low[1], low[2]], high: [-low[0], high[1], high[2]] };
}

function paintHindbrain(canvas: Canvas, { contrast, gestationalAge }: PhantomAnatomy, frame: Frame): void {
  const small = cerebellum(frame, gestationalAge);
  paint(canvas, small.bounds, small.shape, tissues.cerebellum, contrast.cerebellum);
  const stem = brainstem(frame);
  paint(canvas, stem.bounds, stem.shape, tissues.brainstem, contrast.brainstem);
  const fourth = fourthVentricle(frame);
  paint(canvas, fourth.bounds, fourth.space, tissues.otherVentricle, contrast.ventricle);
}

/** Texture, and the scale on which the 90th percentile of fluid is 1. */
function finish(canvas: Canvas, { textureSeed, contrast }: PhantomAnatomy): void {
  const { image, tissue, x, y, z, shape, spacing, origin } = canvas;
  const rng = seededRng(textureSeed);
  const box: Bounds = { low: origin, high: origin.map((o, i) => o + shape[i]! * spacing) as unknown as Bounds["high"] };
  const slow = latticeField(sampleField(waveNoise(rng.fork("slow"), [18, 45], 14), box, 4));
  const fine = latticeField(sampleField(waveNoise(rng.fork("fine"), [5, 9], 16), box, 1.6));
  const fluid: number[] = [];
  for (let n = 0; n < image.length; n++) {
    if (image[n] === 0) continue;
    image[n] = image[n]! * (1 + contrast.texture * (0.8 * slow(x[n]!, y[n]!, z[n]!) + 0.6 * fine(x[n]!, y[n]!, z[n]!)));
    if (tissue[n] === tissues.csf) fluid.push(image[n]!);
  }
  fluid.sort((a, b) => a - b);
  const unit = fluid[Math.floor(0.9 * fluid.length)] ?? 1;
  for (let n = 0; n < image.length; n++) image[n] = Math.max(0, image[n]! / unit);
}
