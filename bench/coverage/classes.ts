import type { Rng } from "../../src/core/rng.ts";
import { averagedAuroc, rankClasses } from "../../src/eval/metrics/multiclass.ts";
import { normalCdf, normalQuantile } from "../../src/eval/metrics/normal.ts";
import { meanOf, type Study } from "./figure.ts";

const classes = 3;
const auroc = 0.85;
const shift = Math.SQRT2 * normalQuantile(auroc);

/** Chance that the own class's score, shifted, is the highest of all: the integral over its value of its density times the chance that all others are lower. */
const accuracy = (() => {
  const step = 1e-3;
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let sum = 0;
  for (let x = -8; x < 10; x += step) sum += step * density(x - shift) * normalCdf(x) ** (classes - 1);
  return sum;
})();

/**
 * Patients of three classes in turn, 1 to 5 rows each with a score for each class: the patient's normal part of that class (variance icc) plus the row's own (1 - icc), plus a
 * shift for the true class that makes every AUROC against the rest .85. The call is the highest score.
 */
export function classesStudy(rng: Rng, patients: number, icc: number): Study {
  const [between, within] = [Math.sqrt(icc), Math.sqrt(1 - icc)];
  const rows = Array.from({ length: patients }, (_, p) => {
    const truth = p % classes;
    const effects = Array.from({ length: classes }, () => between * rng.normal());
    return Array.from({ length: 1 + rng.below(5) }, () => ({
      patient: `p${p}`,
      truth,
      scores: effects.map((effect, c) => effect + within * rng.normal() + (c === truth ? shift : 0)),
    }));
  }).flat();
  const ranked = rankClasses(rows.map(({ truth }) => truth), rows.flatMap(({ scores }) => scores), classes); // biome-ignore format: short
  const names = rows.map(({ patient }) => patient);
  return {
    patients: names,
    figures: {
      "AUROC of three classes, macro": {
        truth: auroc,
        patients: names,
        value: (weights) => averagedAuroc(ranked, "macro", weights),
        influence: null,
        formulas: {},
      },
      "accuracy of three classes": meanOf(rows, accuracy, ({ truth, scores }) => (Math.max(...scores) === scores[truth] ? 1 : 0)),
    },
  };
}
