import type { Rng } from "../core/rng.ts";
import { tissues } from "../core/tissue.ts";
import { isThickStack, type LabelVolume, type Volume } from "../core/volume.ts";
import type { Bleed, BleedPlan } from "./bleed/bleed.ts";
import { type CaseSignals, drawBleed } from "./bleed/draw.ts";
import { type BleedFacts, bleedFaults, measureBleed } from "./bleed/facts.ts";
import type { LesionOptions } from "./bleed/options.ts";
import { paintBleed } from "./bleed/paint.ts";
import { drawPlan, type Room } from "./bleed/plan.ts";
import { cropToContent } from "./crop.ts";
import { dilate } from "./dilation.ts";
import { csfLevel, tissueMedian } from "./normalise.ts";
import { type AgeEstimate, gestationalAgeOf } from "./priors/age.ts";
import { type Anatomy, readAnatomy } from "./priors/anatomy.ts";
import { widestAtrium } from "./priors/atrium.ts";
import type { Scene } from "./scene.ts";
import { UnfitError } from "./unfit.ts";

/** A normal case made ready: intensities in units of its CSF, anatomy read. */
export interface NormalCase {
  readonly scene: Scene;
  readonly anatomy: Anatomy;
  readonly age: AgeEstimate;
  /** 90th percentile of CSF in the unit of the input. */
  readonly csf: number;
  readonly signals: CaseSignals;
  /** Widest atrium that each side has room for, mm. */
  readonly room: Room;
  /** True for a stack of thick slices, which keeps its grid; other volumes are cut to what they show, and sliced later. */
  readonly thick: boolean;
}

/**
 * Makes a normal case ready for bleeds.
 *
 * @param image - Finite, any unit.
 * @param tissue - On the image's grid.
 * @param weeks - Gestational age, or null if it is not known; then it is read from brain volume.
 * @throws {UnfitError} If the label map has no usable ventricles or fluid.
 */
export function prepareCase(image: Volume<Float32Array>, tissue: LabelVolume, weeks: number | null): NormalCase {
  const csf = csfLevel(image, tissue);
  const thick = isThickStack(image.affine);
  const cut = thick ? { image, tissue } : cropToContent(image, tissue, 0.02 * csf);
  const scene: Scene = { image: { ...cut.image, data: cut.image.data.map((v) => v / csf) }, tissue: cut.tissue, lesion: null };
  const age = gestationalAgeOf(cut.tissue, weeks);
  const medians = [tissues.cortex, tissues.deepGrey].map((id) => tissueMedian(scene.image, cut.tissue, id) ?? 0.5);
  const signals = { weeks: age.weeks, darkTissue: Math.min(...medians) };
  const anatomy = readAnatomy(cut.tissue);
  const room = { left: widestAtrium(anatomy, "left"), right: widestAtrium(anatomy, "right") };
  return { scene, anatomy, age, csf, signals, room, thick };
}

/** A bleed as drawn and found good, and what it measures. Plain JSON. */
export interface DrawnBleed {
  readonly plan: BleedPlan;
  readonly bleed: Bleed;
  /** Which try it was, from 0. */
  readonly attempt: number;
  readonly facts: BleedFacts;
}

/** Tries before a case is given up. */
const attempts = 12;

/**
 * Draws a bleed for a case, paints it and checks it; draws again where the check fails, a bounded number of times.
 * The plan (grade, sides, stage) is kept over the tries, so that hard grades are not thinned out.
 *
 * @throws {UnfitError} If no try was good; says why the last was not.
 */
export function bleedInto(rng: Rng, normal: NormalCase, options: LesionOptions): { scene: Scene; drawn: DrawnBleed } {
  const plan = drawPlan(rng.fork("plan"), options, normal.age.weeks, normal.room);
  const { scene, anatomy } = distended(normal, plan);
  let why = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      const bleed = drawBleed(rng.fork(`attempt-${attempt}`), plan, anatomy, normal.signals, options);
      const painted = paintBleed(scene, anatomy, bleed);
      const faults = bleedFaults(scene, painted, anatomy, plan, normal.signals, options);
      if (faults.length === 0) {
        return { scene: painted, drawn: { plan, bleed, attempt, facts: measureBleed(painted, anatomy, plan) } };
      }
      why = faults.join("; ");
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      why = error.message;
    }
  }
  throw new UnfitError(`no grade ${plan.grade} bleed fitted in ${attempts} tries: ${why}`);
}

/** Paints a drawn bleed again: the same voxels as when it was drawn. */
export function repaint(normal: NormalCase, drawn: Pick<DrawnBleed, "plan" | "bleed">): Scene {
  const { scene, anatomy } = distended(normal, drawn.plan);
  return paintBleed(scene, anatomy, drawn.bleed);
}

function distended(normal: NormalCase, plan: BleedPlan): { scene: Scene; anatomy: Anatomy } {
  const scene = dilate(normal.scene, normal.anatomy, plan.dilations);
  return { scene, anatomy: scene === normal.scene ? normal.anatomy : readAnatomy(scene.tissue) };
}
