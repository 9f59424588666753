import type { SplitName } from "../../data/dataset.ts";
import type { ScoreRow } from "../scores.ts";
import type { NamedInput } from "./inputs.ts";
import type { ScoreOptions } from "./options.ts";
import { sigmoid, subjectScore } from "./score.ts";
import type { VolumePrediction } from "./volume.ts";

type Scored = NamedInput & { readonly split: SplitName | null };

/** The lines of `scores.csv` of one volume: its slices, then the stack. Without volumes where the network draws no map. */
export function stackRows(
  input: Scored,
  prediction: Pick<VolumePrediction, "sliceScores" | "stackScore"> & { readonly sliceMm3: readonly number[] | null },
): ScoreRow[] {
  const row = (level: "slice" | "stack", slice: number | null, score: number, lesionMm3: number | null): ScoreRow => ({
    level,
    subject: input.subject,
    case: input.id,
    slice,
    split: input.split,
    score,
    probability: sigmoid(score),
    lesionMm3,
  });
  const slices = prediction.sliceScores.map((score, i) => row("slice", i, score, prediction.sliceMm3?.[i] ?? null));
  const whole = prediction.sliceMm3?.reduce((a, b) => a + b, 0) ?? null;
  return [...slices, row("stack", null, prediction.stackScore, whole)];
}

/**
 * The lines of `scores.csv` of the subjects, in the order in which they first come: one for each session of a subject, since an
 * early and a late examination may differ in truth. Written with the session in the column `case`.
 */
export function subjectRows(inputs: readonly Scored[], rows: readonly ScoreRow[], options: ScoreOptions): ScoreRow[] {
  const stacks = new Map(rows.filter((row) => row.level === "stack").map((row) => [row.case, row.score]));
  const groups = new Map<string, { input: Scored; scores: number[] }>();
  for (const input of inputs) {
    const key = JSON.stringify([input.subject, input.session]);
    const group = groups.get(key) ?? { input, scores: [] };
    group.scores.push(stacks.get(input.id)!);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ input, scores }) => {
    const score = subjectScore(scores, options);
    const { subject, session, split } = input;
    return {
      level: "subject",
      subject,
      case: session ?? "",
      slice: null,
      split,
      score,
      probability: sigmoid(score),
      lesionMm3: null,
    };
  });
}
