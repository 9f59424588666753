import type { Rng } from "../core/rng.ts";
import { romanGrade } from "../core/words.ts";
import type { Bleed, BleedPlan } from "./bleed/bleed.ts";
import { type CaseSignals, drawBleed } from "./bleed/draw.ts";
import { type BleedFacts, bleedFaults, measureBleed } from "./bleed/facts.ts";
import type { LesionOptions } from "./bleed/options.ts";
import { paintBleed } from "./bleed/paint.ts";
import { drawPlan } from "./bleed/plan.ts";
import { drawControl } from "./controls/draw.ts";
import { controlFaults } from "./controls/faults.ts";
import type { ControlKind, ControlOptions } from "./controls/options.ts";
import { type Dilation, dilate } from "./dilation.ts";
import { drawStructures, drawVentriculomegaly } from "./negatives/draw.ts";
import { type DrawnNegatives, noNegatives } from "./negatives/negative.ts";
import type { NegativeOptions } from "./negatives/options.ts";
import { paintNegatives } from "./negatives/paint.ts";
import type { NormalCase } from "./normal/case.ts";
import { type Anatomy, readAnatomy } from "./priors/anatomy.ts";
import type { Scene } from "./scene.ts";
import { UnfitError } from "./unfit.ts";

/** A bleed as drawn and found good, and what it measures. Plain JSON. */
export interface DrawnBleed {
  readonly plan: BleedPlan;
  readonly bleed: Bleed;
  /** Which try it was, from 0. */
  readonly attempt: number;
  readonly facts: BleedFacts;
}

/** What was drawn into a case before it is scanned. Plain JSON. */
export interface SceneDraw {
  /** What looks like blood and is none. */
  readonly negatives: DrawnNegatives;
  /** Null for a healthy scene. */
  readonly bleed: DrawnBleed | null;
  /** Which priors the bleed was drawn from; its plan gives only the size where they are not all of them. */
  readonly control: ControlKind;
}

/** The options that a scene is drawn from. */
export interface SceneOptions {
  readonly lesion: LesionOptions;
  readonly negatives: NegativeOptions;
  readonly control: ControlOptions;
}

/**
 * Makes a scene of a case: wide ventricles, structures that look like blood, and a bleed unless it is healthy.
 *
 * @throws {UnfitError} If no try was good; says why the last was not.
 */
export function drawScene(
  rng: Rng,
  normal: NormalCase,
  healthy: boolean,
  options: SceneOptions,
): { scene: Scene; draw: SceneDraw } {
  const { control } = options;
  const own = rng.fork("negatives");
  const plan = healthy
    ? null
    : planOf(control, drawPlan(rng.fork("bleed").fork("plan"), options.lesion, normal.age.weeks, normal.room));
  // Blood in a wide ventricle is grade III, so that only ventricles without it are wide for no reason.
  const dry = plan?.sides.every(({ fill }) => fill === null) ?? true;
  const dilations = dry ? drawVentriculomegaly(own.fork("ventriculomegaly"), options.negatives, normal.room) : [];
  const wide = dilated(normal, [...(plan?.dilations ?? []), ...dilations]);
  const structures = drawStructures(own, wide.anatomy, normal.age.weeks, options.negatives);
  const negatives = { dilations, structures };
  const ground = { ...wide, scene: paintNegatives(wide.scene, wide.anatomy, structures) };
  if (!plan) return { scene: ground.scene, draw: { negatives, bleed: null, control: control.kind } };
  const { scene, drawn } = bleedOnto(rng.fork("bleed"), ground, plan, normal.signals, options.lesion, control);
  return { scene, draw: { negatives, bleed: drawn, control: control.kind } };
}

/** Controls know no anatomy: they leave the ventricles as they are. */
function planOf(control: ControlOptions, plan: BleedPlan): BleedPlan {
  return control.kind === "full" ? plan : { ...plan, dilations: [] };
}

/** Paints a drawn scene again: the same voxels as when it was drawn. */
export function repaintScene(normal: NormalCase, { negatives, bleed }: Pick<SceneDraw, "negatives" | "bleed">): Scene {
  const { scene, anatomy } = dilated(normal, [...(bleed?.plan.dilations ?? []), ...negatives.dilations]);
  const ground = paintNegatives(scene, anatomy, negatives.structures);
  return bleed ? paintBleed(ground, anatomy, bleed.bleed) : ground;
}

/**
 * Draws a bleed for a case and nothing else; see {@link drawScene} for a whole scene.
 *
 * @throws {UnfitError} If no try was good; says why the last was not.
 */
export function bleedInto(rng: Rng, normal: NormalCase, options: LesionOptions): { scene: Scene; drawn: DrawnBleed } {
  const plan = drawPlan(rng.fork("plan"), options, normal.age.weeks, normal.room);
  return bleedOnto(rng, dilated(normal, plan.dilations), plan, normal.signals, options);
}

/** Paints a drawn bleed again: the same voxels as {@link bleedInto} gave. */
export function repaint(normal: NormalCase, bleed: DrawnBleed): Scene {
  return repaintScene(normal, { negatives: noNegatives, bleed });
}

/** What blood is painted onto. */
interface Ground {
  readonly scene: Scene;
  readonly anatomy: Anatomy;
}

/** Tries before a case is given up. */
const attempts = 12;

/**
 * Draws a bleed, paints it and checks it; draws again where the check fails, a bounded number of times.
 * The plan (grade, sides, stage) is kept over the tries, so that hard grades are not thinned out.
 */
function bleedOnto(
  rng: Rng,
  { scene, anatomy }: Ground,
  plan: BleedPlan,
  signals: CaseSignals,
  options: LesionOptions,
  control: ControlOptions = { kind: "full" },
): { scene: Scene; drawn: DrawnBleed } {
  let why = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      const own = rng.fork(`attempt-${attempt}`);
      const full = control.kind === "full";
      const ground = { scene, anatomy, signals };
      const bleed = full ? drawBleed(own, plan, anatomy, signals, options) : drawControl(own, control, plan, ground, options);
      const painted = paintBleed(scene, anatomy, bleed);
      const faults = full ? bleedFaults(scene, painted, anatomy, plan, signals, options) : controlFaults(scene, painted, bleed);
      if (faults.length === 0) {
        return { scene: painted, drawn: { plan, bleed, attempt, facts: measureBleed(painted, anatomy, plan) } };
      }
      why = faults.join("; ");
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      why = error.message;
    }
  }
  throw new UnfitError(`no grade ${romanGrade(plan.grade)} bleed fitted in ${attempts} tries: ${why}`);
}

function dilated(normal: NormalCase, dilations: readonly Dilation[]): Ground {
  const scene = dilate(normal.scene, normal.anatomy, dilations);
  return { scene, anatomy: scene === normal.scene ? normal.anatomy : readAnatomy(scene.tissue) };
}
