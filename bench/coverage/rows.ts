import type { Rng } from "../../src/core/rng.ts";
import { type LabelledScore, rankScores, weightedAuroc } from "../../src/eval/metrics/auroc.ts";
import { delongInterval, placementsOf } from "../../src/eval/metrics/delong.ts";
import { aurocInfluence } from "../../src/eval/metrics/influence.ts";
import { normalCdf, normalQuantile } from "../../src/eval/metrics/normal.ts";
import { numbersOf } from "../../src/eval/tables/numbers.ts";
import { type Figure, meanOf, type Study } from "./figure.ts";

const truth = { auroc: 0.85, sensitivity: 0.8, dice: 0.6 };
const shift = Math.SQRT2 * normalQuantile(truth.auroc);
const cut = shift - normalQuantile(truth.sensitivity);

interface Row extends LabelledScore {
  readonly patient: string;
  readonly dice: number;
}

/**
 * Two in five patients are positive, in all of their 1 to 5 rows. A row's latent score is the patient's normal part (variance icc) plus its own (1 - icc), plus
 * a shift for positives that makes the AUROC .85; sensitivity is .8 at the threshold; the Dice of a positive row is the normal distribution function of
 * such a latent value, .6 on average.
 */
export function rowsStudy(rng: Rng, patients: number, icc: number): Study {
  const rows = drawRows(rng, patients, icc);
  const positives = rows.filter(({ label }) => label === 1);
  return {
    patients: rows.map(({ patient }) => patient),
    figures: {
      AUROC: aurocOf(rows),
      sensitivity: meanOf(positives, truth.sensitivity, ({ score }) => (score >= cut ? 1 : 0)),
      Dice: meanOf(positives, truth.dice, ({ dice }) => dice),
    },
  };
}

function drawRows(rng: Rng, patients: number, icc: number): Row[] {
  const [between, within] = [Math.sqrt(icc), Math.sqrt(1 - icc)];
  return Array.from({ length: patients }, (_, p) => {
    const label = p < 0.4 * patients ? 1 : 0;
    const [ofScore, ofDice] = [between * rng.normal(), between * rng.normal()];
    return Array.from({ length: 1 + rng.below(5) }, (): Row => {
      const score = ofScore + within * rng.normal() + shift * label;
      const dice = normalCdf(Math.SQRT2 * normalQuantile(truth.dice) + ofDice + within * rng.normal());
      return { patient: `p${p}`, label, score, dice };
    });
  }).flat();
}

function aurocOf(rows: readonly Row[]): Figure {
  const ranked = rankScores(rows);
  const placements = placementsOf(ranked);
  const patients = rows.map(({ patient }) => patient);
  const clusterOf = numbersOf(patients).of;
  return {
    truth: truth.auroc,
    patients,
    value: (weights) => weightedAuroc(ranked, weights),
    influence: (weights) => aurocInfluence(ranked, weights),
    formulas: {
      "rows alone": delongInterval(placements),
      clustered: delongInterval(placements, 0.95, clusterOf),
      adapted: delongInterval(placements, 0.95, clusterOf, "logit"),
    },
  };
}
