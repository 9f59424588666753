import { affineSpacing } from "../core/affine.ts";
import { chance, type Rng } from "../core/rng.ts";
import { type LabelVolume, type Plane, slicePlane, type Volume } from "../core/volume.ts";
import { acquireStack, showsLesion } from "./acquisition/acquire.ts";
import { type Acquisition, drawAcquisition } from "./acquisition/draw.ts";
import type { AcquisitionOptions } from "./acquisition/options.ts";
import { acquireTissue } from "./acquisition/tissue.ts";
import { type Appearance, drawAppearance } from "./appearance/draw.ts";
import { dress } from "./appearance/dress.ts";
import { drawScene, repaintScene, type SceneDraw } from "./draw.ts";
import type { NormalCase } from "./normal/case.ts";
import type { SynthOptions } from "./options.ts";
import { type HeadGeometry, headGeometry, type Scene } from "./scene.ts";
import { drawSurround, type Surround } from "./surround/draw.ts";
import { paintSurround } from "./surround/paint.ts";

/** Everything that was drawn for one stack: from this and the normal case, {@link replayStack} makes the same voxels. Plain JSON. */
export interface StackDraw extends SceneDraw {
  /** New signals of the tissues; null where the case kept its own. */
  readonly appearance: Appearance | null;
  /** Null when the input was a thick stack, which keeps its own. */
  readonly surround: Surround | null;
  readonly acquisition: Acquisition | null;
}

/** A stack as it is written. */
export interface PaintedStack {
  readonly plane: Plane;
  /** Thousandths of the case's CSF level, cut to 0-65535. */
  readonly image: Volume<Uint16Array>;
  readonly lesion: LabelVolume;
  readonly brain: LabelVolume;
  /** Tissue ids of core/tissue.ts, of most of each voxel; null where they were not asked for. */
  readonly tissue: LabelVolume | null;
  readonly draw: StackDraw;
}

/**
 * Makes one copy of a case: a bleed or none, its surround, and a stack of the same scene in each plane. A case that is a thick stack
 * already is painted as it is, and gives one.
 *
 * @throws {UnfitError} If no bleed fits the case.
 */
export function makeStacks(rng: Rng, given: NormalCase, healthy: boolean, options: SynthOptions): PaintedStack[] {
  const appearance = drawAppearance(rng.fork("appearance"), options.appearance);
  const normal = dress(given, appearance);
  const { scene, draw } = drawScene(rng, normal, healthy, options);
  if (normal.thick) return [ownStack(scene, { appearance, ...draw, surround: null, acquisition: null }, options.writeTissue)];
  const head = headGeometry(scene);
  const surround = drawSurround(rng.fork("surround"), options.surround, head);
  const scans = options.planes.map((plane) => drawScan(rng, options, plane, scene, head));
  const full = paintSurround(scene, surround, scans);
  return scans.map((acquisition) => cut(full, { appearance, ...draw, surround, acquisition }, options.writeTissue));
}

/** Draws the scan of a plane, again where the bleed would not show in it. */
function drawScan(rng: Rng, options: SynthOptions, plane: Plane, scene: Scene, head: HeadGeometry): Acquisition {
  for (let attempt = 0; ; attempt++) {
    const own = rng.fork(`${plane}-${attempt}`);
    const acquisition = drawAcquisition(own, withChances(own, options), plane, head);
    if (scene.lesion === null || attempt === scanAttempts - 1 || showsLesion(scene, acquisition)) return acquisition;
  }
}

/** Small bleeds can fall below half of every voxel of a thick stack. The scan is drawn again so often before that is accepted. */
const scanAttempts = 3;

/** The acquisition with those effects off that the negatives' rates leave out of this stack. */
function withChances(rng: Rng, { acquisition, negatives }: SynthOptions): AcquisitionOptions {
  const kept = <Effect extends "flowVoid" | "amnioticVoid" | "signalDrop">(effect: Effect): AcquisitionOptions[Effect] => {
    const taken = chance(rng.fork(`${effect} whether`), negatives[effect].rate);
    return taken ? acquisition[effect] : { ...acquisition[effect], severity: [0, 0] };
  };
  return {
    ...acquisition,
    flowVoid: kept("flowVoid"),
    amnioticVoid: kept("amnioticVoid"),
    signalDrop: kept("signalDrop"),
  };
}

/** Makes a stack again from what was drawn. */
export function replayStack(given: NormalCase, draw: StackDraw, withTissue = false): PaintedStack {
  const normal = dress(given, draw.appearance);
  const scene = repaintScene(normal, draw);
  return draw.surround
    ? cut(paintSurround(scene, draw.surround, [draw.acquisition!]), draw, withTissue)
    : ownStack(scene, draw, withTissue);
}

function cut(full: Scene, draw: StackDraw, withTissue: boolean): PaintedStack {
  const stack = acquireStack(full, draw.acquisition!);
  const tissue = withTissue ? acquireTissue(full, draw.acquisition!) : null;
  const { plane } = draw.acquisition!;
  return { plane, image: thousandths(stack.image), lesion: stack.lesion, brain: stack.brain, tissue, draw };
}

function ownStack({ image, tissue, lesion }: Scene, draw: StackDraw, withTissue: boolean): PaintedStack {
  const brain = { ...tissue, data: tissue.data.map((id) => (id === 0 ? 0 : 1)) };
  const mask = lesion ? Uint8Array.from(lesion.data, (cover) => (cover >= 0.5 ? 1 : 0)) : new Uint8Array(tissue.data.length);
  const shown = { image: thousandths(image), lesion: { ...tissue, data: mask }, brain, tissue: withTissue ? tissue : null };
  return { plane: slicePlane(image), ...shown, draw };
}

function thousandths(image: Volume<Float32Array>): Volume<Uint16Array> {
  const data = new Uint16Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.min(65535, Math.max(0, Math.round(1000 * image.data[i]!)));
  return { ...image, data };
}

/** What a written stack measures. */
export interface StackFacts {
  readonly lesionVoxels: number;
  readonly lesionMl: number;
  /** Mean signal inside the lesion mask, relative to the case's CSF; null without lesion. */
  readonly lesionSignal: number | null;
}

export function measureStack({ image, lesion }: PaintedStack): StackFacts {
  let [voxels, sum] = [0, 0];
  for (let i = 0; i < lesion.data.length; i++) {
    if (lesion.data[i] === 0) continue;
    voxels++;
    sum += image.data[i]! / 1000;
  }
  const [x, y, z] = affineSpacing(lesion.affine);
  return { lesionVoxels: voxels, lesionMl: (voxels * x * y * z) / 1000, lesionSignal: voxels > 0 ? sum / voxels : null };
}
