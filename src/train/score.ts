import { mean } from "simple-statistics";
import { aurocScore } from "../eval/metrics/auroc.ts";
import { type FoundBox, meanAveragePrecision, type TrueBox } from "../eval/metrics/average-precision.ts";
import { diceOf } from "../eval/metrics/dice.ts";
import { averagedAuroc, rankClasses } from "../eval/metrics/multiclass.ts";
import { orNull } from "../eval/metrics/or-null.ts";
import { softmax } from "../eval/metrics/softmax.ts";
import { detectInRows, evaluatedDetections, type RowsOptions } from "../models/index.ts";
import { type Anchors, flaggedTargets, lesionTargets } from "./detect/target.ts";
import type { TaskName } from "./options.ts";
import { brainBit, classShift, lesionBit, type TrainSlice } from "./slices.ts";
import { bloodyCells, showsLesion, typesIn } from "./task.ts";
import type { ValidationFigures } from "./validate.ts";

/** Collects what a network says of validation slices, one after the other, and makes figures of it. */
export interface Scorer {
  /** Takes a slice: what the network says of its window, and the masks of that. */
  add(slice: TrainSlice, logits: Float32Array, masks: Uint8Array): void;
  figures(): Omit<ValidationFigures, "loss">;
}

/** A fresh scorer for a task with this many channels, and windows of `size` x `size`. @param anchors - Of a detector; null for every other network. */
export function scorerOf(task: TaskName, channels: number, size: number, anchors: Anchors | null): Scorer {
  switch (task) {
    case "lesion":
      return lesionScorer();
    case "tissue":
      return tissueScorer(channels);
    case "classify":
      return bleedScorer();
    case "detect":
      return boxScorer({ width: size, height: size, classes: channels, anchors: anchors! });
    case "classes":
    case "crops":
      return classScorer(channels);
    case "regions":
      return boxScorer({ width: size, height: size, classes: channels, anchors: anchors! }, channels);
    case "weakBinary":
    case "weakTypes":
      return presenceScorer(channels);
    case "weakGrid":
      return gridScorer(size);
    case "mil":
    case "denoise":
    case "restore":
    case "infoNce":
    case "localInfoNce":
    case "vicReg":
      throw new RangeError(`scorerOf: ${task} has no figure of single windows`);
    default:
      return task satisfies never;
  }
}

/** What a task has no figure for. */
export const none = { dice: null, auroc: null, map50: null, brainDice: null } as const;

interface Counts {
  both: number;
  predictedOnly: number;
  truthOnly: number;
}

const noCounts = (): Counts => ({ both: 0, predictedOnly: 0, truthOnly: 0 });

function count(counts: Counts, predicted: boolean, truth: boolean): void {
  if (predicted && truth) counts.both++;
  else if (predicted) counts.predictedOnly++;
  else if (truth) counts.truthOnly++;
}

/** A slice scores the mean of this many lesion logits: one pixel alone must not decide. */
const topLogits = 10;

function lesionScorer(): Scorer {
  const dices: number[] = [];
  const scores: { label: 0 | 1; score: number }[] = [];
  const brain = noCounts();
  return {
    add(slice, logits, masks) {
      const lesion = noCounts();
      const top = new Float64Array(Math.min(topLogits, masks.length)).fill(Number.NEGATIVE_INFINITY); // ascending
      for (let i = 0; i < logits.length; i += 2) {
        count(lesion, logits[i]! > 0, (masks[i / 2]! & lesionBit) > 0);
        count(brain, logits[i + 1]! > 0, (masks[i / 2]! & brainBit) > 0);
        if (logits[i]! <= top[0]!) continue;
        top[0] = logits[i]!;
        for (let k = 1; k < top.length && top[k]! < top[k - 1]!; k++) [top[k - 1], top[k]] = [top[k]!, top[k - 1]!];
      }
      if (slice.lesionPixels > 0) dices.push(diceOf(lesion));
      scores.push({ label: slice.lesionPixels > 0 ? 1 : 0, score: mean([...top]) });
    },
    figures: () => ({
      ...none,
      dice: dices.length === 0 ? null : orNull(mean(dices)),
      auroc: orNull(aurocScore(scores)),
      brainDice: orNull(diceOf(brain)),
    }),
  };
}

/** One logit a slice, and whether its window shows blood. */
function bleedScorer(): Scorer {
  const scores: { label: 0 | 1; score: number }[] = [];
  return {
    add: (_, logits, masks) => void scores.push({ label: showsLesion(masks) ? 1 : 0, score: logits[0]! }),
    figures: () => ({ ...none, auroc: orNull(aurocScore(scores)) }),
  };
}

/** A logit for each class; the figure is the mean over the classes, each against the rest. */
function classScorer(classes: number): Scorer {
  const [truth, scores]: [number[], number[]] = [[], []];
  return {
    add({ label }, logits) {
      truth.push(label!);
      scores.push(...softmax(logits));
    },
    figures: () => ({ ...none, auroc: orNull(averagedAuroc(rankClasses(truth, scores, classes), "macro")) }),
  };
}

/** Blood, and each type of it; the figure is the mean over those that are there and not everywhere. */
function presenceScorer(channels: number): Scorer {
  const of: { label: 0 | 1; score: number }[][] = Array.from({ length: channels }, () => []);
  return {
    add(_, logits, masks) {
      const truth = [showsLesion(masks), ...typesIn(masks, channels - 1)];
      for (const [c, shown] of truth.entries()) of[c]!.push({ label: shown ? 1 : 0, score: logits[c]! });
    },
    figures() {
      const each = of.map(aurocScore).filter(Number.isFinite);
      return { ...none, auroc: each.length === 0 ? null : mean(each) };
    },
  };
}

/** A logit for each cell of a square grid, and whether there is blood in it; the figure is over the cells of all windows. */
function gridScorer(size: number): Scorer {
  const scores: { label: 0 | 1; score: number }[] = [];
  return {
    add(_, logits, masks) {
      const truth = bloodyCells(masks, size, Math.sqrt(logits.length));
      for (const [cell, score] of logits.entries()) scores.push({ label: truth[cell]! > 0 ? 1 : 0, score });
    },
    figures: () => ({ ...none, auroc: orNull(aurocScore(scores)) }),
  };
}

/** Boxes of a detector against those of the masks; a slice scores its best box. @param regions - How many regions it finds; 0: patches of blood. */
function boxScorer(rows: RowsOptions, regions = 0): Scorer {
  const [truth, found]: [TrueBox[], FoundBox[]] = [[], []];
  const scores: { label: 0 | 1; score: number }[] = [];
  return {
    add(_, logits, masks) {
      const image = scores.length;
      const { width, height } = rows;
      const boxes = regions > 0 ? flaggedTargets(masks, width, height, regions) : lesionTargets(masks, width, height);
      const detections = detectInRows(logits, rows, evaluatedDetections);
      truth.push(...boxes.map((of) => ({ image, ...of })));
      found.push(...detections.map((of) => ({ image, ...of })));
      scores.push({ label: boxes.length > 0 ? 1 : 0, score: detections[0]?.score ?? 0 });
    },
    figures: () => ({
      ...none,
      auroc: orNull(aurocScore(scores)),
      map50: orNull(meanAveragePrecision(truth, found, [0.5])),
    }),
  };
}

/** Channel 0 is the background, all others together are the brain; Dice is over all pixels, then the mean over the tissues there are. */
function tissueScorer(channels: number): Scorer {
  const counts = Array.from({ length: channels }, noCounts);
  const brain = noCounts();
  return {
    add(_, logits, masks) {
      for (const [i, bits] of masks.entries()) {
        const [at, truth] = [channels * i, bits >> classShift];
        let best = 0;
        for (let c = 1; c < channels; c++) if (logits[at + c]! > logits[at + best]!) best = c;
        count(brain, best > 0, truth > 0);
        if (best === truth) counts[best]!.both++;
        else {
          counts[best]!.predictedOnly++;
          counts[truth]!.truthOnly++;
        }
      }
    },
    figures() {
      const dices = counts
        .slice(1)
        .map((c) => diceOf(c))
        .filter(Number.isFinite);
      return { ...none, dice: dices.length === 0 ? null : mean(dices), brainDice: orNull(diceOf(brain)) };
    },
  };
}
