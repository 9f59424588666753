import { z } from "zod";

const share = z.number().gt(0).lt(1);
/** Cases of the largest study; our choice: beyond it the exact tails are of no use. */
const mostCases = 10_000_000;
const common = {
  power: share.default(0.8).describe("chance of success that is wanted, where no number of cases is given"),
  level: z.number().min(0.5).lt(1).default(0.95).describe("1 minus the level of the two-sided test"),
  perPatient: z.number().min(1).max(10_000).default(1).describe("cases a patient, on average"),
  icc: z.number().min(0).max(1).default(0).describe("correlation of cases of one patient"),
};

/** Options of `hemosynth power`. */
export const powerOptions = z.discriminatedUnion("figure", [
  z.strictObject({
    figure: z.literal("auroc").describe("area under the ROC curve"),
    expected: z.number().gt(0.5).lt(1).describe("what it is expected to be"),
    against: z.number().min(0.5).lt(1).describe("what it has to be found above; or what another model is expected to reach"),
    correlation: z
      .number()
      .min(0)
      .lt(1)
      .nullable()
      .default(null)
      .describe("of the AUROCs of two models of the same cases; null: against is a fixed value"),
    variance: z.enum(["hanley-mcneil", "obuchowski"]).default("hanley-mcneil").describe("formula of the variance"),
    positives: z
      .int()
      .min(2)
      .max(mostCases)
      .nullable()
      .default(null)
      .describe("cases with the finding; null: find how many are needed"),
    ratio: z.number().gt(0).default(1).describe("negatives for each positive"),
    ...common,
  }),
  z.strictObject({
    figure: z.enum(["sensitivity", "specificity"]).describe("a share of the cases with, or without, the finding"),
    expected: z.number().gt(0).max(1).describe("what it is expected to be"),
    against: share.describe("what the interval has to leave out, below"),
    cases: z
      .int()
      .min(1)
      .max(mostCases)
      .nullable()
      .default(null)
      .describe("cases with (of specificity: without) the finding; null: find how many are needed"),
    ...common,
  }),
]);
export type PowerOptions = z.output<typeof powerOptions>;
