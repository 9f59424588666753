// AUROC of stack scores with an interval that resamples whole patients: stacks of one patient are alike.
//   npx tsx examples/auroc.ts
import {
  clusterUnits,
  drawPlan,
  percentileInterval,
  rankScores,
  resampleWeights,
  seededRng,
  weightedAuroc,
} from "../src/index.ts";

/** Three stacks each of forty made-up patients, every second one with a bleed. */
const rng = seededRng(7);
const stacks = Array.from({ length: 120 }, (_, i) => {
  const patient = Math.floor(i / 3);
  const label = patient % 2 === 0 ? 1 : 0;
  return { patient: `patient-${patient}`, label, score: rng.normal() + 1.5 * label } as const;
});

const ranked = rankScores(stacks);
const patients = stacks.map(({ patient }) => patient);
const plan = drawPlan(seededRng(0), patients, 2000);
const units = clusterUnits(plan, patients);
const weights = new Uint16Array(stacks.length);
const resampled = Float64Array.from({ length: plan.resamples }, (_, r) =>
  weightedAuroc(ranked, resampleWeights(units, r, weights)),
);
const { low, high } = percentileInterval(resampled, plan.patients.length);

console.log(
  `AUROC ${weightedAuroc(ranked).toFixed(3)} [${low?.toFixed(3)}, ${high?.toFixed(3)}] of ${plan.patients.length} patients`,
);
