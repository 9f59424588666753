import { chance, type Rng } from "../../src/core/rng.ts";
import { type FoundBox, matchBoxes, type TrueBox, weightedAveragePrecision } from "../../src/eval/metrics/average-precision.ts";
import { meanDefined } from "../../src/eval/metrics/detection/precision.ts";
import { normalCdf, normalQuantile } from "../../src/eval/metrics/normal.ts";
import type { Study } from "./figure.ts";

/** Chance that an object is found, and how much higher its box scores than a wrong one. */
const classes = [
  { found: 0.905, shift: 2 },
  { found: 0.705, shift: 1.2 },
] as const;
const present = 0.5; // chance that an image holds an object of a class
const wrong = { tries: 2, chance: 0.25 }; // wrong boxes an image and class: so many tries, each with this chance

/**
 * AP by COCO's 101 recalls of a class in endlessly many patients. At a cut t, `found` (1 - Phi(t - shift)) of the objects are found by a box that scores so much, and wrong boxes
 * score so much in the proportion 1 - Phi(t); precision falls with t, so the best at or beyond a recall is the one there.
 */
function trueAp({ found, shift }: (typeof classes)[number]): number {
  let sum = 1; // at recall 0
  for (let i = 1; i <= 100; i++) {
    const recall = i / 100;
    if (recall > found) break;
    const cut = shift + normalQuantile(1 - recall / found);
    const right = present * recall;
    sum += right / (right + wrong.tries * wrong.chance * (1 - normalCdf(cut)));
  }
  return sum / 101;
}

const truth = meanDefined(classes.map(trueAp));

/**
 * Patients with 1 to 5 images of two classes. Whether an object is found, its box's score and whether there are wrong boxes follow latent normal values, the patient's part of each class with
 * variance icc; wrong boxes score by the same part of the patient.
 */
export function boxesStudy(rng: Rng, patients: number, icc: number): Study {
  const [between, within] = [Math.sqrt(icc), Math.sqrt(1 - icc)];
  const names: string[] = [];
  const there: TrueBox[] = [];
  const found: FoundBox[] = [];
  for (let p = 0; p < patients; p++) {
    const effects = classes.map(() => ({ score: rng.normal(), found: rng.normal(), wrong: rng.normal() }));
    const images = 1 + rng.below(5);
    for (let k = 0; k < images; k++) {
      const image = names.push(`p${p}`) - 1;
      for (const [label, { found: share, shift }] of classes.entries()) {
        const latent = (of: "score" | "found" | "wrong") => between * effects[label]![of] + within * rng.normal();
        if (chance(rng, present)) {
          there.push({ image, label, box: square(0) });
          if (latent("found") < normalQuantile(share))
            found.push({ image, label, box: square(0), score: latent("score") + shift });
        }
        for (let t = 1; t <= wrong.tries; t++)
          if (latent("wrong") < normalQuantile(wrong.chance))
            found.push({ image, label, box: square(t), score: latent("score") });
      }
    }
  }
  const matched = matchBoxes(there, found, [0.5]).map(([ranked]) => ranked!);
  const value = (weights?: ArrayLike<number>) => meanDefined(matched.map((ranked) => weightedAveragePrecision(ranked, weights)));
  return {
    patients: names,
    figures: { "mAP@.5 of two classes": { truth, patients: names, value, influence: null, formulas: {} } },
  };
}

/** One of several squares that do not touch. */
const square = (place: number) => ({ left: 100 * place, top: 0, right: 100 * place + 40, bottom: 40 });
