import { listed, many } from "../../../core/words.ts";
import type { EvaluatedTask } from "../../load.ts";
import type { Results } from "../../results.ts";
import { findMetric, kindOfScores, lesionWord, whatWasEvaluated, withInterval } from "../format.ts";
import { groupsOf } from "../groups.ts";
import { percent } from "../intervals.ts";
import { wordsOf } from "../origin.ts";

/** What an evaluation knows of itself. */
export interface Evaluated {
  readonly results: Results;
  readonly task: EvaluatedTask;
  /** Of hemosynth. */
  readonly version: string;
}

/** What the network does, for a title. */
export const taskWords: Readonly<Record<EvaluatedTask, string>> = {
  masks: "Segmentation of lesions by a neural network",
  boxes: "Detection of lesions by boxes of a neural network",
  slices: "Classification of slices by a neural network",
  bags: "Classification of stacks by a neural network that weighs their slices (multiple instances)",
  crops: "Classification of examinations by a neural network that sees crops of their regions together",
};

/** What a run can say to an item of a checklist. */
export const answerNames = [
  ...(["technology", "sources", "preprocessing", "missing", "reference", "annotation", "outcome"] as const),
  ...(["partition", "disjoint", "sampleSize", "model", "training", "selection", "software", "metrics"] as const),
  ...(["uncertainty", "subgroups", "explainability", "internal", "external", "numbers", "ages"] as const),
  ...(["performance", "failures", "limitations", "threshold", "difference", "code"] as const),
] as const;
export type AnswerName = (typeof answerNames)[number];

/** Null where this run cannot say it. */
export type Answers = Readonly<Record<AnswerName, string | null>>;

const inConfig =
  "In config.yaml of the run and train/model.json; the config stands at the end of this page where the run knows it.";

export function answersOf(evaluated: Evaluated): Answers {
  return { ...ofData(evaluated), ...ofModel(evaluated), ...ofResults(evaluated) };
}

function ofData({ results }: Evaluated) {
  const { dataset, splits, folds, options } = results;
  const said = wordsOf(results);
  const own = splits.find(({ split }) => split === results.split)!;
  const counted = splits.map((s) => `${s.split}: ${many(s.subjects, "subject")}, ${many(s.stacks, "stack")} (${s.positiveStacks} with a ${lesionWord(results)})`).join("; "); // biome-ignore format: one line
  return {
    sources: `Dataset ${dataset}${said.source}. Where ${said.truth === null ? "the images come" : "what they were made from comes"} from is yours to say.`,
    missing: `Cases without a lesion mask: ${options.unlabelled === "refuse" ? "refused, there are none" : options.unlabelled === "skip" ? "left out" : "counted as healthy"}. Other missing data are yours to say.`,
    reference:
      said.truth ?? "A unit is positive where its lesion mask holds at least one voxel. How the masks were made is yours to say.",
    annotation: said.truth,
    outcome: `Presence of a ${lesionWord(results)} at the time of the scan, per slice, stack and examination.`,
    partition: folds === undefined ? `By subject; see splits.json. ${counted}.` : `${many(folds.length, "fold")} by subject; ${counted}.`, // biome-ignore format: one line
    disjoint: "Subject: no subject is in two splits, whatever the number of stacks and copies.",
    sampleSize: `${many(own.subjects, "subject")} evaluated. How the number was arrived at is yours to say (hemosynth power).`,
    numbers: `${counted}. Who was left out before is yours to say.`,
    ages: own.youngest === null ? null : `${own.youngest.toFixed(1)} to ${own.oldest!.toFixed(1)} weeks, at the scan: gestational before birth, postmenstrual after. Other characteristics are yours to say.`, // biome-ignore format: one line
    difference: said.difference,
    external: said.external,
  };
}

function ofModel({ results, task, version }: Evaluated) {
  const { options, operatingPoints, mask } = results;
  return {
    technology: `${taskWords[task]}.`,
    preprocessing:
      "Pixel size, intensity and cropping: the data section of the config. Geometry and orientation of the files are kept.",
    model: inConfig,
    training: inConfig,
    selection: "The checkpoint that was best on the validation subjects.",
    software: `hemosynth ${version} (TensorFlow.js); versions, backend, seeds and hashes in manifest.json.`,
    code: "hemosynth is open (Apache-2.0). Weights, data and config are yours to share; hemosynth verify repeats the run.",
    threshold: `Scores are logits. Stacks: ${operatingPoints.stack.rule}.${task === "masks" ? ` Masks: ${mask.rule}.` : ""}`,
    explainability: task === "masks" || task === "boxes" ? "What was found is outlined in the cases." : task === "bags" ? "The share of each slice in the score of its stack (attention.csv), drawn in the cases." : findMetric(results, "pointing", "slice") === undefined ? null : "Heat maps (predict.heatmap), with the share that points at the lesion.", // biome-ignore format: one line
    uncertainty: `${percent(options.bootstrap.level)} percentile bootstrap of whole subjects, ${options.bootstrap.resamples} resamples, seed ${results.seed}${options.bootstrap.includeThreshold ? ", thresholds chosen anew in each" : ""}.`,
    subgroups: fairnessWords(groupsOf(results)),
  };
}

function fairnessWords(groups: readonly string[]): string {
  const others = ["site", "sex", ...(groups.includes("weeks") ? [] : ["age"]), "origin"];
  const here =
    groups.length === 0 ? "This report has no figure of a group." : `Figures by ${listed(groups, "and")}, with intervals.`;
  return `${here} Groups by ${listed(others, "and")} are yours to look at: fairness is not answered by the run.`;
}

function ofResults({ results, task }: Evaluated) {
  const auroc = findMetric(results, "auroc", "stack");
  const other = task === "boxes" ? findMetric(results, "map50", "box") : findMetric(results, "dice", "slice");
  const said = [auroc && `stack AUROC ${withInterval(auroc)}`, other && other.estimate !== null && `${task === "boxes" ? "mAP@0.5" : "slice Dice"} ${withInterval(other)}`]; // biome-ignore format: one line
  const kind = kindOfScores(results);
  return {
    metrics: `AUROC, average precision, sensitivity, specificity, predictive values${task === "masks" ? ", Dice" : task === "boxes" ? ", mAP" : ""}; calibration drawn. See Methods.`,
    internal: `${whatWasEvaluated(results)}${kind === "" ? "" : ` (${kind})`}.`,
    performance: `${said.filter((text) => typeof text === "string").join(", ")}${kind === "" ? "" : ` (${kind})`}.`,
    failures: "Cases, worst first, with the error of each.",
    limitations: "What the figures cannot say stands under Limits; limits of the study are yours to say.",
  };
}
