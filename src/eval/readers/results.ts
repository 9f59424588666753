import { z } from "zod";
import { analysisNames } from "../metrics/obuchowski-rockette.ts";
import { madeOrigins } from "../results.ts";
import { besideSchema, estimateFields } from "../tables/estimate.ts";
import { headFields } from "../tables/head.ts";
import { readerOptions } from "./options.ts";

const count = z.int().min(0);
const value = z.number().nullable();

/** Every figure of a reader, in scikit-learn's words where it has one; recall is sensitivity. */
export const readerFigureNames = ["roc_auc", "recall", "specificity", "time_seconds", "confidence"] as const;
export type ReaderFigureName = (typeof readerFigureNames)[number];

/** A reader in an arm. Of times, the geometric mean in seconds. */
const cellSchema = z.strictObject({ arm: z.string(), reader: z.string(), ...estimateFields, beside: z.array(besideSchema) });

/** A figure in `arm` minus that in `minus`; of times divided by it. The interval is of the resamples. */
const differenceFields = { arm: z.string(), minus: z.string(), ...estimateFields };

const testFields = {
  /** Of times, of the logarithm. */
  se: value,
  /** Of Student's t; null where the normal distribution is taken. */
  df: value,
  /** Estimate / se: t, or z without df. */
  statistic: value,
  /** Two-sided. */
  p: value,
};
const readerDifferenceSchema = z.strictObject({
  reader: z.string(),
  ...differenceFields,
  /** By the reader's own variance and covariance, as Obuchowski and Rockette have it for fixed readers. */
  analytic: z.strictObject({ ...testFields, low: value, high: value, reason: z.string().nullable() }),
});

const intervalFields = { estimate: value, se: value, df: value, low: value, high: value, reason: z.string().nullable() };

/** One of the analyses of variance by Obuchowski and Rockette, with Hillis' degrees of freedom. */
const analysisSchema = z.strictObject({
  name: z.enum(analysisNames),
  /** Whether all arms are alike: F, or chi-squared where df2 is null. */
  test: z.strictObject({ statistic: value, df1: count, df2: value, p: value, reason: z.string().nullable() }),
  differences: z.array(z.strictObject({ arm: z.string(), minus: z.string(), ...intervalFields, statistic: value, p: value })),
  /** The mean over readers in an arm, from the readings of that arm alone. */
  arms: z.array(z.strictObject({ arm: z.string(), ...intervalFields })),
});

/** Squares of the figure's unit, of times of their logarithm; null where there are too few readers or arms. */
const componentsSchema = z.strictObject({
  reader: value,
  armReader: value,
  variance: value,
  cov1: value,
  cov2: value,
  cov3: value,
});

const fSchema = z.strictObject({ f: z.number(), df1: z.number(), df2: z.number(), p: z.number() });

/** The analysis of pseudovalues by Dorfman, Berbaum and Metz, by leaving out clusters whatever the covariances above are. */
const dbmSchema = z.strictObject({
  components: z.strictObject({
    reader: z.number(),
    case: z.number(),
    armReader: z.number(),
    armCase: z.number(),
    readerCase: z.number(),
    armReaderCase: z.number(),
  }),
  tests: z.strictObject({
    randomReadersRandomCases: fSchema,
    fixedReadersRandomCases: fSchema,
    randomReadersFixedCases: fSchema,
  }),
});

const figureSchema = z.strictObject({
  metric: z.enum(readerFigureNames),
  /** `log`: means and differences are of logarithms, shown as geometric means and ratios. */
  scale: z.enum(["identity", "log"]),
  /** Cases that it is of: positives for recall, negatives for specificity. */
  n: count,
  /** Distinct clusters among them. */
  clusters: count,
  readers: z.array(cellSchema),
  differences: z.array(readerDifferenceSchema),
  /** Mean over these readers, cases resampled. */
  meanDifferences: z.array(z.strictObject(differenceFields)),
  analyses: z.array(analysisSchema),
  components: componentsSchema,
  /** Null with one arm, one reader, or where a figure is undefined when a cluster is left out. */
  dbm: dbmSchema.nullable(),
});
export type ReaderFigure = z.output<typeof figureSchema>;
export type ReaderAnalysis = z.output<typeof analysisSchema>;

/** The content of `reader.json`. */
export const readerSchema = z.strictObject({
  ...headFields("readers", readerOptions),
  readings: z.strictObject({ file: z.string(), sha256: z.string(), cases: count, positives: count, clusters: count }),
  /** Whether the readings are those of a program (a column `simulated` says so): then all figures are of that program. */
  simulated: z.boolean(),
  /** What software made of the images that were read (a column `images` says it); null: nothing that is known of. */
  images: z.enum(madeOrigins).nullable(),
  /** Which column holds what, and which of that was guessed. */
  columns: z.string(),
  classes: z.strictObject({ negative: z.array(z.string()), positive: z.string() }),
  readers: z.array(z.string()),
  /** The reference first. */
  arms: z.array(z.string()),
  figures: z.array(figureSchema),
});
export type ReaderResults = z.output<typeof readerSchema>;

/** JSON Schema (draft 2020-12) of `reader.json`. */
export function readerJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(readerSchema, { target: "draft-2020-12", reused: "ref" }), title: "hemosynth reader" };
}
