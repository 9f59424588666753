import { between, chance, pick, type Rng, weightedIndex } from "../../core/rng.ts";
import type { Dilation } from "../dilation.ts";
import { germinalMatrixShare } from "../priors/germinal-matrix.ts";
import { type Side, sides } from "../priors/midplane.ts";
import type { BleedPlan, BloodStage, Grade, SidePlan } from "./bleed.ts";
import type { GradeMix, LesionOptions } from "./options.ts";

const grades = [1, 2, 3, 4] as const satisfies readonly Grade[];

/** Weights of grades I-IV of a mix. Sources of the presets: see options.ts. */
export function gradeWeights(mix: GradeMix): readonly [number, number, number, number] {
  switch (mix.kind) {
    case "mri-series":
      return [0.3, 0.27, 0.25, 0.18];
    case "us-referred":
      return [0.03, 0.08, 0.47, 0.42];
    case "free":
      return [mix.I, mix.II, mix.III, mix.IV];
    default:
      return mix satisfies never;
  }
}

/**
 * Draws what kind of bleed a case gets. Grade I is half as likely after 32 weeks and never drawn from 36 on, when the germinal
 * matrix is gone (priors/germinal-matrix.ts); a mix of grade I alone then gives grade II.
 *
 * @param weeks - Gestational age.
 * @param room - Widest atrium that each side of the brain has room for, mm; without it any width may be drawn. 0 for a side that
 *   is not there (in a lone slice): it does not bleed.
 */
export function drawPlan(
  rng: Rng,
  options: LesionOptions,
  weeks: number,
  room: Room = { left: Infinity, right: Infinity },
): BleedPlan {
  const share = germinalMatrixShare(weeks);
  const [first, ...others] = gradeWeights(options.grades);
  const weights = [first * share, ...others];
  const worst = weights.some((w) => w > 0) ? grades[weightedIndex(rng.fork("grade"), weights)]! : 2;
  const stage = drawStage(rng.fork("stage"), options);
  const shown = sides.filter((side) => room[side] > 0);
  const side = pick(rng.fork("side"), shown);
  const plans = [drawSide(rng.fork(side), options, side, worst, share)];
  const other: Side = side === "left" ? "right" : "left";
  if (shown.includes(other) && chance(rng.fork("bilateral"), options.bilateralShare)) {
    const milder = weights.map((w, i) => (i < worst ? w : 0));
    const grade = milder.some((w) => w > 0) ? grades[weightedIndex(rng.fork("milder"), milder)]! : worst;
    plans.push(drawSide(rng.fork(other), options, other, grade, share));
  }
  return { grade: worst, stage, sides: plans, dilations: drawDilations(rng, plans, options, room) };
}

/** Widest atrium of each side, mm. */
export type Room = Readonly<Record<Side, number>>;

/** Every lumen that is more than half full is wide; at times the other is wide too, but not wider. */
function drawDilations(rng: Rng, plans: readonly SidePlan[], options: LesionOptions, room: Room): Dilation[] {
  const wide = plans.filter(({ fill }) => fill !== null && fill > 0.5).map(({ side }) => side);
  const dilations = wide.flatMap((side) => drawDilation(rng.fork(`dilation ${side}`), side, options.atrialWidthMm, room));
  const other = sides.find((side) => !wide.includes(side));
  const widest = Math.max(...dilations.map((d) => d.atrialMm));
  const along = rng.fork("other dilation");
  // A side with a milder bleed keeps its width: blood in a wide ventricle is grade III.
  if (dilations.length === 0 || !other || plans.some((p) => p.side === other) || !chance(along, options.bothDilatedShare))
    return dilations;
  const [low] = options.atrialWidthMm;
  return [...dilations, ...drawDilation(along, other, [low, Math.max(low, widest)], room)];
}

/** A target width drawn log-uniformly, cut to what there is room for; none where there is room for none. */
export function drawDilation(rng: Rng, side: Side, [low, high]: readonly [number, number], room: Room): Dilation[] {
  if (room[side] < low) return [];
  const top = Math.min(high, room[side]);
  return [{ side, atrialMm: Math.exp(between(rng, [Math.log(low), Math.log(top)])) }];
}

function drawStage(rng: Rng, { stages }: LesionOptions): BloodStage {
  const names = ["dark", "rim", "bright"] as const;
  return names[
    weightedIndex(
      rng,
      names.map((name) => stages[name]),
    )
  ]!;
}

/** Seven in ten infarctions come with a lumen more than half full: our guess, after series that ultrasound referred. */
const infarctLargeFill = 0.7;

function drawSide(rng: Rng, options: LesionOptions, side: Side, grade: Grade, share: number): SidePlan {
  const large = grade === 3 || (grade === 4 && chance(rng, infarctLargeFill));
  const fill = grade === 1 ? null : between(rng, large ? options.largeFill : options.partialFill);
  return { side, grade, germinalMatrix: grade === 1 || chance(rng, share), fill };
}
