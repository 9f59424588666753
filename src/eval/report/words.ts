import { listed, many } from "../../core/words.ts";
import type { EvaluatedTask } from "../load.ts";
import type { EmptyMaskRule } from "../metrics/dice.ts";
import type { Metric, Results } from "../results.ts";
import type { Evaluated } from "./checklists/answers.ts";
import { classHeadline } from "./classes.ts";
import { findMetric, lesionWord, whatWasEvaluated, withInterval } from "./format.ts";
import { groupsOf } from "./groups.ts";
import { aboutIntervals, type Landmark, readInterval } from "./intervals.ts";
import { hasLookAlikes, imagesOf, wordsOf } from "./origin.ts";

/** What must stand above every figure. @param atSize - Which of its sizes the config was taken at; undefined where it has none. */
export function banner(results: Results, atSize: string | undefined): string {
  const smoke = atSize === "smoke" ? "Made at size smoke, to see that it runs: the figures say nothing. " : "";
  const kind = results.split === "test" ? "" : "Optimistic: these are not the figures of subjects that were kept apart. ";
  return `${smoke}${kind}${wordsOf(results).banner(results)}`;
}

/** The result in sentences. */
export function headline({ results, task }: Pick<Evaluated, "results" | "task">): string[] {
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
  const regions = findMetric(results, "map50", "region");
  return [
    ...classHeadline(results),
    ...(regions === undefined ? [] : [`The regions that it saw were found with a mAP@0.5 of ${withInterval(regions)}.`]),
    `${held(results)} ${many(own.stacks, "stack")} of ${many(own.subjects, "subject")}; ${own.positiveStacks} of the stacks ${own.positiveStacks === 1 ? "shows" : "show"} a ${lesion}.`,
    auroc === undefined || auroc.estimate === null
      ? `Stack AUROC does not exist here: ${auroc?.reason ?? "not measured"}.`
      : `Stack AUROC is ${withInterval(auroc)}.`,
    found === null && cleared === null
      ? "No stack was called: there is no threshold."
      : `At the stack threshold, ${found === null ? "" : `${found} stacks with a ${lesion} were called`}${found && cleared ? " and " : ""}${cleared === null ? "" : `${cleared} without were not`}.`,
    ...(boxes === undefined
      ? []
      : [`mAP@0.5 of ${many(boxes.n, "box", "boxes")} around ${lesion}s in slices is ${withInterval(boxes)}.`]),
    ...(task !== "masks" || dice === undefined ? [] : [diceWords(dice, lesion)]),
  ];
}

const diceWords = (dice: Metric, lesion: string): string =>
  dice.estimate === null
    ? `Dice does not exist here: ${dice.reason ?? "not measured"}.`
    : `Mean Dice over slices with a ${lesion} is ${withInterval(dice)}.`;

function held({ split, folds }: Results): string {
  if (folds === undefined) return `The ${split} split holds`;
  const chosen = split === "test" ? "" : ", chosen on the very subjects that it tests";
  return `${many(folds.length, "fold")} tested every subject once, each by a network that was not trained on it${chosen}:`;
}

const guessing = (value: number, count: number, of: string): Landmark => ({
  value,
  words: "what guessing reaches",
  fewest: { count, of },
});

/** What each interval of the summary says, in plain words. */
export function intervalReading(results: Results): string[] {
  const { level } = results.options.bootstrap;
  const lesion = lesionWord(results);
  const own = results.splits.find((s) => s.split === results.split)!;
  const ranked = (value: number, ...ranking: [Metric["metric"], Metric["per"]]) =>
    guessing(value, findMetric(results, ...ranking)?.fewestOfClass ?? 0, "subjects of one class");
  const chanceOf = (...chance: [Metric["metric"], Metric["per"]]) => {
    const reached = findMetric(results, ...chance);
    return reached === undefined || reached.estimate === null
      ? null
      : guessing(reached.estimate, reached.nPatients, `subjects with a ${lesion}`);
  };
  const of = (per: "slice" | "stack", metric: Metric["metric"]) => many(findMetric(results, metric, per)?.n ?? 0, per);
  const asked: readonly [string, Metric["metric"], Metric["per"], Landmark | null][] = [
    [`Stack AUROC, the chance that a stack with a ${lesion} scores above one without,`, "auroc", "stack", ranked(0.5, "auroc", "stack")],
    ["Slice AUROC, the same of slices,", "auroc", "slice", ranked(0.5, "auroc", "slice")],
    ["AUROC of examinations", "auroc", "subject", ranked(0.5, "auroc", "subject")],
    ["Stack average precision, the mean precision over all sensitivities,", "averagePrecision", "stack", ranked(own.positiveStacks / own.stacks, "averagePrecision", "stack")],
    [`Stack sensitivity, the share of stacks with a ${lesion} that are called,`, "sensitivity", "stack", null],
    ["Stack specificity, the share of stacks without that are not called,", "specificity", "stack", null],
    [`Slice Dice, the overlap of both masks in slices with a ${lesion},`, "dice", "slice", null],
    ["mAP@0.5, the area under precision over recall of boxes,", "map50", "box", null],
    ["mAP@0.5 of the regions that were cut out", "map50", "region", null],
    [`Of ${of("slice", "pointing")} with a ${lesion}, the share whose heat map points at it`, "pointing", "slice", chanceOf("pointingChance", "slice")],
    [`Of ${of("stack", "attention")} whose ${lesion} shows in some slice, the share whose most attended slice shows it`, "attention", "stack", chanceOf("attentionChance", "stack")],
  ]; // biome-ignore format: a list
  const read = asked.flatMap(([name, metric, per, landmark]) => {
    const one = findMetric(results, metric, per);
    const isOfMasks = metric === "dice" && one?.estimate == null; // then the notes say that there are no maps
    return one === undefined || isOfMasks ? [] : [readInterval(name, one, level, landmark)];
  });
  return [aboutIntervals(level, "subjects"), ...read];
}

/** How to read the summary, one item a thing. */
export function reading({ results, task }: Pick<Evaluated, "results" | "task">): string[] {
  return [
    "AUROC is the chance that a unit with a lesion scores above one without: 0.5 is guessing, 1 is perfect order. It needs no threshold.",
    `Sensitivity is the share of units with a lesion that are called, specificity the share without that are not. ${thresholdsHold(results, task)}`,
    ...(findMetric(results, "map50", "box") === undefined
      ? []
      : [
          "mAP@0.5 is the area under precision over recall of boxes, a box being right where it overlaps a true one by half (intersection over union) or more; mAP@[.5:.95] is its mean over overlaps up to .95. 1 is perfect; boxes of a few pixels lose half of their overlap by a pixel or two.",
        ]),
    ...(task === "masks"
      ? [
          "Dice is the overlap of predicted and true mask, 0 to 1. Small lesions score low even when found: a rim of 1 mm too much around a bleed of 5 mm costs 0.3.",
        ]
      : []),
    ...(hasLookAlikes(results)
      ? [
          "Where look-alikes were painted (choroid plexus, a dark band of the ganglionic eminence, calcification, septa, wide ventricles), captions name them: they are dark like blood on purpose, in healthy and diseased stacks alike, and are no lesion.",
        ]
      : []),
    "A dash with a reason means that the figure or its interval does not exist, for instance an AUROC of one class, or an interval when every resample gives the same value. Wilson's interval beside it takes all units as independent, which slices and stacks of one subject are not.",
  ];
}

function thresholdsHold({ folds }: Results, task: EvaluatedTask): string {
  return folds === undefined
    ? "Both hold at one threshold, chosen on the validation split and carried over; the table of operating points shows what it reached there."
    : `Each fold has a network and thresholds of its own; calls${task === "masks" ? " and masks" : ""} are those of the fold, and are counted together. AUROC and average precision take all scores together, though networks differ in scale, which mostly lowers them; under All figures stands the AUROC of the pairs that one network scored.`;
}

const emptyRules: Readonly<Record<EmptyMaskRule, string>> = {
  skip: "left out of means",
  one: "counted as 1",
  zero: "counted as 0",
  smoothed: "scored by (2 TP + 1) / (2 TP + FP + FN + 1), which is 1; the same formula serves everywhere else",
};

/** How a network of each kind came to its scores. */
const scoreWords: Readonly<Record<EvaluatedTask, string>> = {
  masks:
    "A slice scores the lesion logit that a given area of pixels inside the brain reaches; a stack scores the highest of its slices (or of runs of neighbouring slices); a subject's examination scores the mean or maximum of its stacks.",
  boxes:
    "A slice scores the logit of its best box; a stack scores the highest of its slices; a subject's examination scores the mean or maximum of its stacks.",
  slices:
    "The network scores whole slices; a stack scores the highest of its slices (or of runs of neighbouring slices); a subject's examination scores the mean or maximum of its stacks.",
  crops:
    "The network sees the crops of an examination together and scores the examination, which counts as a stack; a subject's examination scores the mean or maximum of its stacks.",
  bags: "The network was told of whole stacks alone. It weighs the slices of a stack, as its pooling says, and scores the stack; the score of a slice is what it alone would give; a subject's examination scores the mean or maximum of its stacks.",
};

/** The evaluation as a paper's methods tell it. */
export function methods({ results, task, version }: Evaluated): string[] {
  const { options, operatingPoints, mask } = results;
  const { resamples, level, includeThreshold } = options.bootstrap;
  const dependent = `sensitivity, specificity${task === "masks" ? ", predictive values and Dice" : " and predictive values"}`;
  const others = includeThreshold ? `The validation subjects were resampled as well and thresholds chosen anew each time, so that intervals of ${dependent} include the choice. ` : ""; // biome-ignore format: one line
  const masks = task === "masks" ? ` Masks hold voxels with a probability of at least ${mask.probability ?? "–"} (${mask.rule}).` : ""; // biome-ignore format: one line
  return [
    `Evaluation. The ${whatWasEvaluated(results)} of ${results.dataset} was evaluated with hemosynth ${version}. ${wordsOf(results).methods(imagesOf(results))} ${positiveWhen(results, task)}`,
    `Scores. ${scoreWords[task]} predict.json holds the settings.`,
    `Thresholds. Slices, stacks and subjects each have their own, ${operatingPoints.stack.rule}; calling is score ≥ threshold. Between two neighbouring scores the middle is taken.${masks}`,
    `Intervals. Percentile bootstrap of whole subjects (${resamples} resamples, level ${level}, seed ${results.seed}): each resample draws as many subjects as there are, with replacement, and takes all their stacks and slices along. The same resamples serve every figure. ${others}Resamples in which a figure is undefined are left out of its interval and counted.`,
    ...overlapMethods(results, task),
    `Sources. AUROC: Hanley & McNeil 1982. Average precision: Su, Yuan & Zhu 2015. Youden's index: Youden 1950. Wilson's interval: Wilson 1927. Bootstrap: Efron & Tibshirani 1993; clusters: Davison & Hinkley 1997, section 3.8.${task === "masks" ? " Dice: Dice 1945. Agreement of volumes: Bland & Altman 1986." : ""}${task === "boxes" ? " Boxes: Lin et al. 2014." : ""}`,
  ];
}

function positiveWhen({ classes, negativeClass }: Results, task: EvaluatedTask): string {
  if (classes !== undefined) return `A unit is positive when its class is not ${negativeClass ?? "the first of the network's"}.`;
  return task === "bags"
    ? "A slice is positive when its truth mask holds at least one voxel; a stack or examination when its class is not normal or, where there are no classes, any of its slices is positive."
    : "A unit is positive when its truth mask holds at least one voxel.";
}

/** How masks or boxes were compared; of other networks, that there are none. */
function overlapMethods({ options }: Results, task: EvaluatedTask): string[] {
  switch (task) {
    case "boxes":
      return [
        "Boxes. Each connected patch of the truth mask in a slice (touching by a corner is enough) has a box. Average precision is COCO's: 101 recalls, the best hundred boxes of a slice. Boxes are matched once, and precision is accumulated anew in each resample of subjects. There are no masks, so no rule for empty ones; slices without a box there count by their wrong ones.",
      ];
    case "masks":
      return [
        `Dice. Per slice, per stack (all its voxels together) and per examination (all its stacks, in mm³), then the mean over units with a lesion; pooled: all voxels of the split at once, healthy stacks included. Where truth and prediction are both empty, which happens among healthy units only, Dice is ${emptyRules[options.emptyMask]}.`,
      ];
    case "slices":
    case "crops":
    case "bags":
      return [
        "Masks. The network draws none: masks of the truth say which units are positive, and no rule for empty ones is needed.",
      ];
    default:
      return task satisfies never;
  }
}

/** What the figures cannot say. */
export function limits(results: Results): string[] {
  const own = results.splits.find((s) => s.split === results.split)!;
  const few =
    own.subjects < 30
      ? [`${many(own.subjects, "subject")}: percentile intervals of so few are themselves unsure, and usually too narrow.`]
      : [];
  const groups = groupsOf(results);
  return [
    ...wordsOf(results).limits,
    ...few,
    ...(results.folds
      ? [
          "Intervals take the networks and the division into folds as they are; another division, or another seed, would give other figures.",
        ]
      : []),
    "Stacks of one subject share anatomy, and copies of one subject share more; intervals allow for it, but subjects are few whatever the number of slices.",
    "Predictive values depend on how common lesions are in this dataset, which is not how common they are in a clinic.",
    ...(groups.length > 0
      ? [`Groups by ${listed(groups, "and")} were looked at without correction for the number of comparisons.`]
      : []),
  ];
}
