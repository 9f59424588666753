import { z } from "zod";
import type { Rng } from "../core/rng.ts";
import type { Dataset, Splits } from "./dataset.ts";

const share = (what: string, fraction: number) =>
  z
    .union([z.number().min(0).max(1), z.array(z.string().min(1))])
    .default(fraction)
    .describe(`Subjects for ${what}: a fraction from 0 to 1 of all, or a list of their names; all three the same way`);

/** How subjects are divided; the `split` section of a config. Fractions add up to 1; lists name every subject at most once. */
export const splitOptions = z.strictObject({
  /** Subjects to train on: a fraction in [0, 1], or a list of names. */
  train: share("training", 0.6),
  /** Subjects to choose thresholds and checkpoints on: a fraction in [0, 1], or a list of names. */
  val: share("validation", 0.2),
  /** Subjects to report results on: a fraction in [0, 1], or a list of names. */
  test: share("testing", 0.2),
});
export type SplitOptions = z.output<typeof splitOptions>;

/** A subject to be put into a split. Gestational age in weeks, null when not known. */
export interface SplitSubject {
  readonly id: string;
  readonly gestationalAge: number | null;
}

/** Divides subjects into train, val and test. */
export function splitSubjects(_rng: Rng, _subjects: readonly SplitSubject[], _options: SplitOptions): Splits {
  throw new Error("not yet");
}

/** The subjects of a dataset, in order of first appearance, with the mean gestational age of their cases. */
export function subjectsOf(_cases: Dataset["cases"]): SplitSubject[] {
  throw new Error("not yet");
}

/** Refuses a dataset whose splits share a patient. */
export function assertNoLeak(_dataset: Dataset, _splits: Splits, _where: string): void {
  throw new Error("not yet");
}
