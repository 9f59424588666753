import { worldAxes } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import { forEachVoxel } from "../../core/volume.ts";
import { spreadCover } from "../field/spread.ts";
import type { Anatomy } from "../priors/anatomy.ts";
import { measureAtrium } from "../priors/atrium.ts";
import { type Side, sideOf } from "../priors/midplane.ts";
import { infarctTissues } from "../priors/periventricular.ts";
import type { Scene } from "../scene.ts";
import type { BleedPlan, Grade, SidePlan } from "./bleed.ts";
import type { CaseSignals } from "./draw.ts";
import type { LesionOptions } from "./options.ts";

/** What a painted side measures; voxels count as blood from half coverage on. */
export interface SideFacts {
  readonly side: Side;
  /**
   * Papile grade by what is there: 4 if an infarction was drawn and at least 0.2 ml (in a lone slice 25 mm²) lie in tissue, 3 above half
   * of the lumen, 2 above a tenth, else 1.
   */
  readonly grade: Grade;
  readonly lumenMl: number;
  readonly lumenFill: number;
  /** Blood outside the lumen. */
  readonly parenchymaMl: number;
  /** Largest area of this side's blood in one axial section of the scene, in a lone slice in that slice, mm². */
  readonly maxAxialMm2: number;
}

/** What a painted scene measures. */
export interface BleedFacts {
  readonly volumeMl: number;
  /** Largest area of blood in one axial section of the scene, mm². */
  readonly maxAxialMm2: number;
  /** Mean signal inside the blood, relative to the case's CSF. */
  readonly meanSignal: number;
  readonly sides: readonly SideFacts[];
  /** mm across the atrium of each dilated ventricle, measured on the labels after the warp. */
  readonly atria: readonly { readonly side: Side; readonly widthMm: number }[];
}

/** Measures a painted scene. @throws {RangeError} If it has no lesion. */
export function measureBleed(scene: Scene, anatomy: Anatomy, plan: BleedPlan): BleedFacts {
  if (!scene.lesion) throw new RangeError("measureBleed: the scene has no lesion");
  const cover = scene.lesion.data;
  const { toHead, spacing } = anatomy;
  const voxelMl = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const vertical = anatomy.flatAxis ?? (worldAxes(scene.image.affine).indexOf(2) as 0 | 1 | 2);
  const sectionMm2 = (1000 * voxelMl) / spacing[vertical];
  const count = (): Tally => ({ areas: new Float64Array(scene.image.shape[vertical]), filled: 0, outside: 0 });
  const tallies = { left: count(), right: count() };
  let [volume, voxels, signal] = [0, 0, 0];
  forEachVoxel(scene.image.shape, (i, x, y, z) => {
    volume += cover[i]!;
    if (cover[i]! < 0.5) return;
    voxels++;
    signal += scene.image.data[i]!;
    const side = sideOf(toHead, x, y, z);
    tallies[side].areas[vertical === 0 ? x : vertical === 1 ? y : z]!++;
    if (anatomy[side].lumen[i] === 1) tallies[side].filled++;
    else tallies[side].outside++;
  });
  const both = tallies.left.areas.map((area, i) => area + tallies.right.areas[i]!);
  return {
    volumeMl: volume * voxelMl,
    maxAxialMm2: Math.max(...both) * sectionMm2,
    meanSignal: voxels > 0 ? signal / voxels : 0,
    sides: plan.sides.map((side) => sideFacts(side, tallies[side.side], anatomy, voxelMl, sectionMm2)),
    atria: plan.dilations.map(({ side }) => ({ side, widthMm: measureAtrium(anatomy, side) })),
  };
}

interface Tally {
  readonly areas: Float64Array;
  filled: number;
  outside: number;
}

function sideFacts(plan: SidePlan, tally: Tally, anatomy: Anatomy, voxelMl: number, sectionMm2: number): SideFacts {
  const { lumenMl } = anatomy[plan.side];
  const leastMl = anatomy.flatAxis === null ? 0.2 : (25 * voxelMl) / sectionMm2;
  const lumenFill = (tally.filled * voxelMl) / lumenMl;
  const parenchymaMl = tally.outside * voxelMl;
  const grade = plan.grade === 4 && parenchymaMl >= leastMl ? 4 : lumenFill > 0.5 ? 3 : lumenFill > 0.1 ? 2 : 1;
  return { side: plan.side, grade, lumenMl, lumenFill, parenchymaMl, maxAxialMm2: Math.max(...tally.areas) * sectionMm2 };
}

/**
 * Checks a painted scene against its plan and its anatomy, independently of how it was painted.
 *
 * @param before - The scene before painting.
 * @returns One line for each rule that is broken; empty if it may be used.
 */
export function bleedFaults(
  before: Scene,
  after: Scene,
  anatomy: Anatomy,
  plan: BleedPlan,
  signals: CaseSignals,
  options: LesionOptions,
): string[] {
  const faults: string[] = [];
  const facts = measureBleed(after, anatomy, plan);
  const strayed = strayVoxels(before, after, anatomy, plan);
  if (strayed > 0)
    faults.push(`${strayed} voxels of blood lie outside the ventricle, white matter and deep grey of the bleeding side`);
  const [low, high] = options.germinalAreaMm2;
  for (const [i, side] of facts.sides.entries()) {
    const drawn = plan.sides[i]!.grade;
    if (side.grade !== drawn) faults.push(`${side.side}: drawn as grade ${drawn}, painted as ${side.grade}`);
    if (drawn === 1 && (side.maxAxialMm2 < low || side.maxAxialMm2 > high)) {
      faults.push(`${side.side}: cross-section must be ${low} to ${high} mm2 in grade I; got ${side.maxAxialMm2.toFixed(1)}`);
    }
  }
  for (const [i, { side, atrialMm }] of plan.dilations.entries()) {
    const { widthMm } = facts.atria[i]!;
    if (widthMm < atrialMm - atrialToleranceMm(anatomy)) {
      faults.push(`${side}: the atrium must be ${atrialMm.toFixed(1)} mm wide; got ${widthMm.toFixed(1)}`);
    }
  }
  if (plan.stage === "dark" && !(facts.meanSignal < signals.darkTissue)) {
    faults.push(
      `dark blood must be below cortex and deep grey (${signals.darkTissue.toFixed(2)}); got ${facts.meanSignal.toFixed(2)}`,
    );
  }
  return faults;
}

/** A dilated atrium may measure half a millimetre and a voxel narrower than drawn, mm: labels move by whole voxels. Our choice. */
export function atrialToleranceMm({ spacing }: Pick<Anatomy, "spacing">): number {
  return 0.5 + [...spacing].sort((a, b) => a - b)[1]!;
}

/** Blood on a side that has none, in tissue where none may be, or changed voxels without blood. */
function strayVoxels(before: Scene, after: Scene, anatomy: Anatomy, plan: BleedPlan): number {
  const cover = after.lesion!.data;
  const seen = spreadCover(cover, before);
  const { tissue, toHead } = anatomy;
  const bleeding = new Set(plan.sides.map((s) => s.side));
  let count = 0;
  forEachVoxel(tissue.shape, (i, x, y, z) => {
    if (cover[i] === 0) {
      if (seen[i] === 0 && before.image.data[i] !== after.image.data[i]) count++;
      return;
    }
    const side = sideOf(toHead, x, y, z);
    const allowed = bleeding.has(side) && tissue.data[i] !== tissues.background;
    const fits = cover[i]! < 0.5 || infarctTissues.has(tissue.data[i]!) || anatomy[side].lumen[i] === 1;
    if (!allowed || !fits) count++;
  });
  return count;
}
