import { Argument, type Command, Option } from "commander";
import type { SplitName } from "../data/dataset.ts";
import type { IntervalKind } from "../eval/metrics/bootstrap-interval.ts";
import type { EmptyMaskRule } from "../eval/metrics/dice.ts";
import type { CovarianceKind } from "../eval/readers/options.ts";
import type { SimulateOptions } from "../eval/readers/simulate/options.ts";
import { finish, type Perform } from "./options.ts";

// Named again, so that no schema is loaded for --help; the schemas refuse what they do not know.
const resampledIntervals = ["percentile", "basic", "bca"] as const satisfies readonly IntervalKind[];
const intervals = [...resampledIntervals, "studentized"] as const satisfies readonly IntervalKind[];
const covariances = ["jackknife", "delong", "bootstrap"] as const satisfies readonly CovarianceKind[];
const readUnits = ["subject", "stack"] as const satisfies readonly SimulateOptions["unit"][];
const splits = ["train", "val", "test"] as const satisfies readonly SplitName[];
const emptyRules = ["skip", "one", "zero", "smoothed"] as const satisfies readonly EmptyMaskRule[];

/** The verbs that evaluate what any program made. */
export function addStatistics(program: Command, perform: Perform): void {
  addMetrics(program, perform);
  addReader(program, perform);
  addSimulateReaders(program, perform);
  addPower(program, perform);
}

function addMetrics(program: Command, perform: Perform): void {
  const command = program
    .command("metrics <predictions>")
    .description(
      "evaluate predictions in a CSV file, boxes as COCO results, or masks in a folder, whoever made them: every figure with its interval",
    );
  maskOptions(referenceOptions(resamplingOptions(cutOptions(columnOptions(command)))))
    .option("--out <folder>", "folder for metrics.csv, metrics.md, metrics.tex, report.html and metrics.json; of masks, cases.csv too"); // biome-ignore format: one chain
  finish(command, "hemosynth metrics predictions.csv --cluster patient --threshold youden --out tables").action(
    (predictions, options) =>
      perform(async (session) => (await import("./commands/metrics.ts")).metrics(predictions, options, session)),
  );
}

function columnOptions(command: Command): Command {
  return command
    .option("--truth <column>", "column with the truth; without, found by its usual names and said")
    .option("--score <column>", "column with the score or probability, higher for positives")
    .option("--id <columns...>", "columns that together tell rows apart; of masks and boxes, the column of --cases with the case")
    .option(
      "--cluster <columns...>",
      "column with the patient: rows of one are resampled together; or clusters in clusters, the outermost first",
    )
    .option(
      "--stratify <column>",
      "keep how many clusters there are of each of its values in every resample; truth for the truth",
    )
    .option("--subgroup <column>", "figures for each value of this column too")
    .option("--positive <value>", "value of the truth that is positive; all others are negative")
    .option(
      "--score-columns <columns...>",
      "of several classes: columns with the score of each, called after it or written class=column",
    )
    .option("--per <column>", "one row for each value of this column, such as the patient, its score pooled of theirs")
    .option("--pool <rule>", "how: mean, max, top-k (or top-k=5), noisy-or, vote (or vote=.4)")
    .option("--where <column=value...>", "only rows with this value");
}

/** How calls are made, and what they are compared with. */
function cutOptions(command: Command): Command {
  return command
    .option(
      "--threshold <rule>",
      "youden, sensitivity=.9, specificity=.9 or a number (of probabilities by default 0.5); of masks, a number: they are probability maps",
    )
    .option("--validation <file>", "predictions that the threshold is chosen on")
    .option("--compare <files...>", "predictions of the same rows, boxes or masks by other models")
    .option("--compare-score <column>", "their score column, where it is called otherwise")
    .option("--margin <number>", "how much worse than the others is still as good (non-inferiority), in the unit of the figure");
}

function resamplingOptions(command: Command): Command {
  return command
    .addOption(new Option("--interval <kind>", "way from resamples to intervals (default percentile)").choices(intervals))
    .option("--resamples <number>", "resamples of clusters (default 2000)")
    .option("--permutations <number>", "permutations of a test, all there are where they are fewer; 0 for none (default 2000)")
    .option("--level <number>", "confidence level (default 0.95)")
    .option("--bins <number>", "bins of the calibration curve (default 10)")
    .option("--seed <number>", "seed of the resamples (default 0)");
}

/** What boxes and masks are held against. */
function referenceOptions(command: Command): Command {
  return command
    .option("--reference <path>", "of boxes: COCO instances of the same pictures; of masks: folder or file of the true ones")
    .option("--cases <file>", "of boxes and masks: CSV that names the patient of each picture or case")
    .option(
      "--confidence <number>",
      "of boxes: those scoring at least this are called; without, the confidence with the highest F1",
    );
}

function maskOptions(command: Command): Command {
  return command
    .option("--label <ids...>", "of masks: labels that get figures of their own; without, what is not 0 is lesion")
    .addOption(new Option("--empty <rule>", "of masks: Dice where both are empty (default skip)").choices(emptyRules))
    .option("--penalty <mm>", "of masks: stands for distances where one of the two is empty; without, there are none")
    .option("--tolerance <mm...>", "of masks: how far apart surfaces may be for surface Dice (default 1 2)")
    .option("--match <rule>", "of masks: when a lesion is found: any, iou=.5 or dice=.5 (default any)")
    .option("--connectivity <number>", "of masks: neighbours of one lesion: 6, 18 or 26 (default 26)")
    .option("--sizes <ml...>", "of masks: limits between lesion sizes (default 0.1 1)")
    .option("--spacing <mm...>", "of masks as pictures: columns, rows and, for volumes, thickness");
}

function addReader(program: Command, perform: Perform): void {
  const command = program
    .command("reader <readings>")
    .description(
      "evaluate a reader study, a CSV file of readings: each reader with and without assistance, and readers in general",
    )
    .option("--reader <column>", "column with the reader; without, found by its usual names and said")
    .option("--case <column>", "column with the case that was read")
    .option("--arm <column>", "column with the arm, such as with or without assistance")
    .option("--truth <column>", "column with the truth")
    .option("--rating <column>", "column with the rating, higher for positives")
    .option("--call <column>", "column with the call, 0 or 1")
    .option("--time <column>", "column with the reading time in seconds")
    .option("--confidence <column>", "column with the confidence")
    .option("--cluster <column>", "column with the patient: cases of one are resampled together")
    .option("--positive <value>", "value of the truth that is positive; all others are negative")
    .option("--where <column=value...>", "only rows with this value")
    .option("--arms <names...>", "the arms, the reference first")
    .option("--threshold <number>", "makes calls of ratings of at least this")
    .addOption(new Option("--covariance <kind>", "how covariances of readers are found (default jackknife)").choices(covariances))
    .addOption(
      new Option("--interval <kind>", "way from resamples to intervals (default percentile)").choices(resampledIntervals),
    )
    .option("--resamples <number>", "resamples of clusters (default 2000)")
    .option("--level <number>", "confidence level (default 0.95)")
    .option("--seed <number>", "seed of the resamples (default 0)")
    .option("--out <folder>", "folder for reader.csv, reader.md, reader.tex, reader.html and reader.json");
  finish(command, "hemosynth reader readings.csv --arms without with --cluster patient --out tables").action(
    (readings, options) => perform(async (session) => (await import("./commands/reader.ts")).reader(readings, options, session)),
  );
}

function addSimulateReaders(program: Command, perform: Perform): void {
  const command = program
    .command("simulate-readers <run>")
    .description(
      "let simulated readers read what a run was tested on, without and with its scores: a CSV file for hemosynth reader, marked as simulated",
    )
    .requiredOption("--out <folder>", "folder for simulated-readings.csv; must be empty")
    .addOption(new Option("--unit <level>", "what is read (default subject)").choices(readUnits))
    .addOption(new Option("--split <name>", "whose cases are read (default test)").choices(splits))
    .option("--readers <number>", "how many (default 4)")
    .option("--sensitivity <share>", "without assistance, their mean (default 0.882)")
    .option("--specificity <share>", "the same (default 0.9)")
    .option(
      "--trust <low-high...>",
      "two numbers: range of the weight of the run's scores beside their own evidence (default 0.3 1)",
    )
    .option("--seconds <number>", "median time without assistance (default 60)")
    .option("--saving <low-high...>", "two numbers: range of the share of time saved, which is put in (default 0.16 0.527)")
    .option("--seed <number>", "seed of the readers (default 0)");
  finish(command, "hemosynth simulate-readers runs/freehemoseg --out runs/freehemoseg-readers").action((run, options) =>
    perform(async () => (await import("./commands/simulate-readers.ts")).simulateReaders(run, options)),
  );
}

function addPower(program: Command, perform: Perform): void {
  const command = program
    .command("power")
    .description("how many cases a study needs to show an AUROC, sensitivity or specificity, or the power of so many")
    .addArgument(new Argument("<figure>", "what is to be shown").choices(["auroc", "sensitivity", "specificity"]))
    .requiredOption("--expected <value>", "what it is expected to be")
    .requiredOption("--against <value>", "what its interval has to leave out, below; or the AUROC of another model")
    .option("--correlation <number>", "of the AUROCs of two models of the same cases; then against is the other's")
    .option("--positives <number>", "of an AUROC: cases with the finding, to get their power")
    .option("--ratio <number>", "of an AUROC: negatives for each positive (1)")
    .option("--variance <formula>", "of an AUROC: hanley-mcneil, obuchowski (hanley-mcneil)")
    .option("--cases <number>", "of a sensitivity, cases with the finding, of a specificity without; to get their power")
    .option("--power <share>", "chance of success that is wanted (0.8)")
    .option("--level <number>", "confidence level, two-sided (0.95)")
    .option("--per-patient <number>", "cases a patient (1)")
    .option("--icc <number>", "correlation of cases of one patient (0)");
  finish(command, "hemosynth power auroc --expected .9 --against .8 --ratio 3").action((figure, options) =>
    perform(async () => (await import("./commands/power.ts")).power(figure, options)),
  );
}
