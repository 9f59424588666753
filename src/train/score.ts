import { mean } from "simple-statistics";
import { aurocScore } from "../eval/metrics/auroc.ts";
import { diceOf } from "../eval/metrics/dice.ts";
import type { TaskName } from "./options.ts";
import type { TrainSlice } from "./slices.ts";
import type { ValidationFigures } from "./validate.ts";

/** Collects what a network says of validation slices, one after the other, and makes figures of it. */
export interface Scorer {
  /** Takes a slice: `pixels` pixels of all channels, from pixel `first` on. */
  add(slice: TrainSlice, logits: Float32Array, target: Float32Array, first: number, pixels: number): void;
  figures(): Omit<ValidationFigures, "loss">;
}

/** A fresh scorer for a task with this many channels. */
export function scorerOf(task: TaskName, channels: number): Scorer {
  switch (task) {
    case "lesion":
      return lesionScorer();
    case "tissue":
      return tissueScorer(channels);
    case "classify":
      return bleedScorer();
    default:
      return task satisfies never;
  }
}

interface Counts {
  both: number;
  predictedOnly: number;
  truthOnly: number;
}

const noCounts = (): Counts => ({ both: 0, predictedOnly: 0, truthOnly: 0 });
const orNull = (value: number) => (Number.isNaN(value) ? null : value);

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
    add(slice, logits, target, first, pixels) {
      const lesion = noCounts();
      const top = new Float64Array(Math.min(topLogits, pixels)).fill(Number.NEGATIVE_INFINITY); // ascending
      for (let i = 2 * first; i < 2 * (first + pixels); i += 2) {
        count(lesion, logits[i]! > 0, target[i]! > 0);
        count(brain, logits[i + 1]! > 0, target[i + 1]! > 0);
        if (logits[i]! <= top[0]!) continue;
        top[0] = logits[i]!;
        for (let k = 1; k < top.length && top[k]! < top[k - 1]!; k++) [top[k - 1], top[k]] = [top[k]!, top[k - 1]!];
      }
      if (slice.lesionPixels > 0) dices.push(diceOf(lesion));
      scores.push({ label: slice.lesionPixels > 0 ? 1 : 0, score: mean([...top]) });
    },
    figures: () => ({
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
    add: (_, logits, target, first) => void scores.push({ label: target[first]! > 0 ? 1 : 0, score: logits[first]! }),
    figures: () => ({ dice: null, auroc: orNull(aurocScore(scores)), brainDice: null }),
  };
}

/** Channel 0 is the background, all others together are the brain; Dice is over all pixels, then the mean over the tissues there are. */
function tissueScorer(channels: number): Scorer {
  const counts = Array.from({ length: channels }, noCounts);
  const brain = noCounts();
  return {
    add(_, logits, target, first, pixels) {
      for (let at = channels * first; at < channels * (first + pixels); at += channels) {
        let [best, truth] = [0, 0];
        for (let c = 1; c < channels; c++) {
          if (logits[at + c]! > logits[at + best]!) best = c;
          if (target[at + c]! > 0) truth = c;
        }
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
      return { dice: dices.length === 0 ? null : mean(dices), auroc: null, brainDice: orNull(diceOf(brain)) };
    },
  };
}
