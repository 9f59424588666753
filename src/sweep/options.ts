import { z } from "zod";
import { dottedPath } from "../config/load.ts";
import { slurmOptions } from "./slurm.ts";

/** Most points of a sweep. */
export const mostPoints = 10_000;

const path = z.string().regex(dottedPath, "must be a dotted option such as train.steps");
const some = <T extends z.ZodType>(value: T) =>
  z.record(path, value).refine((record) => Object.keys(record).length > 0, "must name at least one option; got none");
const values = z.array(z.unknown()).min(1);

const bound = z.number().min(-1e300).max(1e300);
const ascending = (range: readonly [number, number]) => range[0] < range[1];
const interval = z.tuple([bound, bound]).refine(ascending, "must be [low, high], low first");

/** How a value is drawn. */
const drawOptions = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("uniform").describe("any number in a range, all alike"),
    range: interval.describe("[low, high]"),
  }),
  z.strictObject({
    kind: z.literal("logUniform").describe("any number in a range, every factor alike: for learning rates and weights"),
    range: interval
      .refine(([low]) => low > 0, "must begin above 0, where a logarithm exists")
      .describe("[low, high], low above 0"),
  }),
  z.strictObject({
    kind: z.literal("whole").describe("a whole number in a range, both ends included, all alike"),
    range: z
      .tuple([z.int(), z.int()])
      .refine(([low, high]) => low <= high, "must be [low, high], low first")
      .describe("[low, high], both included"),
  }),
  z.strictObject({ kind: z.literal("choice").describe("one of a list, all alike"), of: values.describe("the list") }),
]);
export type DrawOptions = z.output<typeof drawOptions>;

/** What varies from run to run; the `sweep` section of a config. Whatever is given is combined with all the rest. */
export const sweepOptions = z
  .strictObject({
    /** By dotted option, its values: every combination. */
    grid: some(values).optional().describe("by dotted option its values, such as train.steps: [100, 200]; every combination"),
    /** By dotted option, its values, all of one length: the first of each, the second of each, … */
    zip: some(values)
      .refine(
        (record) => new Set(Object.values(record).map(({ length }) => length)).size < 2,
        "must have as many values of one option as of another, since they go together",
      )
      .optional()
      .describe("by dotted option its values, all lists of one length: the first of each together, then the second of each"),
    /** Settings written out: of each some dotted options with their value. */
    list: z.array(some(z.unknown())).min(1).optional().describe("settings written out, each some dotted options with a value"),
    random: z
      .strictObject({
        count: z.int().min(1).max(mostPoints).describe("how many settings are drawn"),
        seed: z
          .int()
          .min(0)
          .max(2 ** 31 - 1)
          .default(0)
          .describe("decides what is drawn; more settings of the same seed begin with the same ones"),
        draw: some(drawOptions).describe("by dotted option how its value is drawn"),
      })
      .optional()
      .describe("settings drawn at random"),
    /** Values of `train.seed`: each setting is trained once with each, on the same data. */
    seeds: z
      .array(
        z
          .int()
          .min(0)
          .max(2 ** 31 - 1),
      )
      .min(1)
      .optional()
      .describe("values of train.seed: every setting is trained with each, on the same stacks"),
    /** The setting that all others are compared with, by its name: as `--dry-run` prints that of its runs, without the seed. */
    baseline: z
      .string()
      .nullable()
      .default(null)
      .describe(
        "the setting that all others are compared with, by the name that --dry-run prints for its runs, without the seed; null: no comparison",
      ),
    /** The setting whose stacks every network is tested on, by its name; null: each on its own. */
    testOn: z
      .string()
      .nullable()
      .default(null)
      .describe(
        "the setting whose validation and test stacks all networks predict, where settings paint differently: thresholds and figures are then of the same stacks; null: each its own",
      ),
    /** Memory of one run, GB: fewer runs than `--jobs` go on at a time where more do not fit, and Slurm reserves it; null: estimated. */
    memoryGb: z
      .number()
      .positive()
      .max(10_000)
      .nullable()
      .default(null)
      .describe(
        "memory of one run, GB: fewer than --jobs run at a time where they do not fit, and Slurm reserves it; null: estimated from the network, and what Slurm's partition gives",
      ),
    slurm: slurmOptions.prefault({}),
  })
  .describe("what varies from run to run, for hemosynth sweep; grid, zip, list, random and seeds are combined with one another");
export type SweepOptions = z.output<typeof sweepOptions>;
