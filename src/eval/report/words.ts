import { many } from "../../core/words.ts";
import type { EmptyMaskRule } from "../metrics/dice.ts";
import type { Results } from "../results.ts";
import { findMetric, lesionWord, withInterval } from "./format.ts";

/** What must stand above every figure. */
export function banner(results: Results): string {
  const kind = results.split === "test" ? "" : "Optimistic: these are not the figures of subjects that were kept apart. ";
  return results.pseudoLesions
    ? `${kind}Pseudo-lesion scores, not clinical performance. The lesions in these images were painted by software; the figures say how well a network finds painted lesions, and nothing about patients.`
    : `${kind}A research evaluation on the named dataset. Not a medical device, and not evidence of clinical performance elsewhere.`;
}

/** The result in sentences. */
export function headline(results: Results): string[] {
  const own = results.splits.find((s) => s.split === results.split)!;
  const lesion = lesionWord(results);
  const auroc = findMetric(results, "auroc", "stack");
  const dice = findMetric(results, "dice", "slice");
  const boxes = findMetric(results, "map50", "box");
  const called = (metric: "sensitivity" | "specificity") => {
    const m = findMetric(results, metric, "stack");
    return m?.wilson ? `${m.wilson.hits} of ${m.wilson.of}` : null;
  };
  const [found, cleared] = [called("sensitivity"), called("specificity")];
  return [
    `${held(results)} ${many(own.stacks, "stack")} of ${many(own.subjects, "subject")}; ${own.positiveStacks} of the stacks show a ${lesion}.`,
    auroc === undefined || auroc.estimate === null
      ? `Stack AUROC does not exist here: ${auroc?.reason ?? "not measured"}.`
      : `Stack AUROC is ${withInterval(auroc)}.`,
    found === null && cleared === null
      ? "No stack was called: there is no threshold."
      : `At the stack threshold, ${found === null ? "" : `${found} stacks with a ${lesion} were called`}${found && cleared ? " and " : ""}${cleared === null ? "" : `${cleared} without were not`}.`,
    boxes !== undefined
      ? `mAP@0.5 of ${boxes.n} boxes around ${lesion}s in slices is ${withInterval(boxes)}.`
      : dice === undefined || dice.estimate === null
        ? `Dice does not exist here: ${dice?.reason ?? "not measured"}.`
        : `Mean Dice over slices with a ${lesion} is ${withInterval(dice)}.`,
  ];
}

function held({ split, folds }: Results): string {
  if (folds === undefined) return `The ${split} split holds`;
  const chosen = split === "test" ? "" : ", chosen on the very subjects that it tests";
  return `${many(folds.length, "fold")} tested every subject once, each by a network that was not trained on it${chosen}:`;
}

/** How to read the summary, one item a thing. */
export function reading(results: Results): string[] {
  const percent = Math.round(100 * results.options.bootstrap.level);
  return [
    `Brackets are ${percent} % intervals. They say how far the figure could move had other subjects of the same kind been drawn; they do not cover other scanners, hospitals or kinds of bleed.`,
    "AUROC is the chance that a unit with a lesion scores above one without: 0.5 is guessing, 1 is perfect order. It needs no threshold.",
    `Sensitivity is the share of units with a lesion that are called, specificity the share without that are not. ${thresholdsHold(results)}`,
    ...(findMetric(results, "map50", "box") === undefined
      ? []
      : [
          "mAP@0.5 is the area under precision over recall of boxes, a box being right where it overlaps a true one by half (intersection over union) or more; mAP@[.5:.95] is its mean over overlaps up to .95. 1 is perfect; boxes of a few pixels lose half of their overlap by a pixel or two.",
        ]),
    "Dice is the overlap of predicted and true mask, 0 to 1. Small lesions score low even when found: a rim of 1 mm too much around a bleed of 5 mm costs 0.3.",
    ...(results.pseudoLesions
      ? [
          "Where look-alikes were painted (choroid plexus, a dark band of the ganglionic eminence, calcification, septa, wide ventricles), captions name them: they are dark like blood on purpose, in healthy and diseased stacks alike, and are no lesion.",
        ]
      : []),
    "A dash with a reason means that the figure or its interval does not exist, for instance an AUROC of one class, or an interval when every resample gives the same value. Wilson's interval beside it takes all units as independent, which slices and stacks of one subject are not.",
  ];
}

function thresholdsHold({ folds }: Results): string {
  return folds === undefined
    ? "Both hold at one threshold, chosen on the validation split and carried over; the table of operating points shows what it reached there."
    : "Each fold has a network and thresholds of its own; calls and masks are those of the fold, and are counted together. AUROC takes all scores together, though networks differ in scale, which mostly lowers it; under All figures stands the AUROC of the pairs that one network scored.";
}

const emptyRules: Readonly<Record<EmptyMaskRule, string>> = {
  skip: "left out of means",
  one: "counted as 1",
  zero: "counted as 0",
  smoothed: "scored by (2 TP + 1) / (2 TP + FP + FN + 1), which is 1; the same formula serves everywhere else",
};

/** The methods paragraphs. */
export function methods(results: Results): string[] {
  const { options, mask, operatingPoints } = results;
  const { resamples, level, includeThreshold } = options.bootstrap;
  const others = includeThreshold ? "The validation subjects were resampled as well and thresholds chosen anew each time, so that intervals of sensitivity, specificity, predictive values and Dice include the choice. " : ""; // biome-ignore format: one line
  return [
    "Scores. A slice scores the lesion logit that a given area of pixels inside the brain reaches; a stack scores the highest of its slices (or of runs of neighbouring slices); a subject's examination scores the mean or maximum of its stacks. predict.json holds the settings. A unit is positive when its truth mask holds at least one voxel.",
    `Thresholds. Slices, stacks and subjects each have their own, ${operatingPoints.stack.rule}; calling is score ≥ threshold. Between two neighbouring scores the middle is taken. Masks hold voxels with a probability of at least ${mask.probability ?? "–"} (${mask.rule}).`,
    `Intervals. Percentile bootstrap of whole subjects (${resamples} resamples, level ${level}, seed ${results.seed}): each resample draws as many subjects as there are, with replacement, and takes all their stacks and slices along. The same resamples serve every figure. ${others}Resamples in which a figure is undefined are left out of its interval and counted.`,
    ...(findMetric(results, "map50", "box") === undefined
      ? []
      : [
          "Boxes. Each connected patch of the truth mask in a slice (touching by a corner is enough) has a box. Average precision is COCO's: 101 recalls, the best hundred boxes of a slice; a slice scores the logit of its best box. Boxes are matched once, and precision is accumulated anew in each resample of subjects.",
        ]),
    `Dice. Per slice, per stack (all its voxels together) and per examination (all its stacks, in mm³), then the mean over units with a lesion; pooled: all voxels of the split at once, healthy stacks included. Where truth and prediction are both empty, which happens among healthy units only, Dice is ${emptyRules[options.emptyMask]}.`,
    "Sources. AUROC: Hanley & McNeil 1982. Youden's index: Youden 1950. Wilson's interval: Wilson 1927. Bootstrap: Efron & Tibshirani 1993; clusters: Davison & Hinkley 1997, section 3.8. Dice: Dice 1945. Average precision: Lin et al. 2014.",
  ];
}

/** What the figures cannot say. */
export function limits(results: Results): string[] {
  const painted = results.pseudoLesions
    ? [
        "Training and evaluation lesions were painted by the same program. A network may have learned its marks; a drop on real bleeds is to be expected and is not measured here.",
      ]
    : [];
  const own = results.splits.find((s) => s.split === results.split)!;
  const few =
    own.subjects < 30
      ? [`${many(own.subjects, "subject")}: percentile intervals of so few are themselves unsure, and usually too narrow.`]
      : [];
  return [
    ...painted,
    ...few,
    ...(results.folds
      ? [
          "Intervals take the networks and the division into folds as they are; another division, or another seed, would give other figures.",
        ]
      : []),
    "Stacks of one subject share anatomy, and copies of one subject share more; intervals allow for it, but subjects are few whatever the number of slices.",
    "Predictive values depend on how common lesions are in this dataset, which is not how common they are in a clinic.",
    "Grades and planes were looked at without correction for the number of comparisons.",
  ];
}
