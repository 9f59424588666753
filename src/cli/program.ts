import { availableParallelism } from "node:os";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { BackendName } from "../backend/options.ts";
import type { SplitName } from "../data/dataset.ts";
import { packageVersion } from "../data/version.ts";
import type { IntervalKind } from "../eval/metrics/bootstrap-interval.ts";
import type { CovarianceKind } from "../eval/readers/options.ts";
import { modelFormats } from "../export/options.ts";
import type { ResNetKind, YoloKind } from "../models/index.ts";
import { formatNames } from "../synth/export/format.ts";
import type { Outcome, Session } from "./session.ts";

/** Performs one command, given the session that {@link buildProgram}'s caller makes. */
export type Perform = (work: (session: Session) => Promise<Outcome>) => Promise<void>;

const backends = ["auto", "cuda", "tensorflow", "wasm", "cpu"] as const satisfies readonly BackendName[];
const resnetKinds = ["resnet18", "resnet34", "resnet50"] as const satisfies readonly ResNetKind[];
const yoloKinds = ["yolov5n", "yolov5s"] as const satisfies readonly YoloKind[];
const resampledIntervals = ["percentile", "basic", "bca"] as const satisfies readonly IntervalKind[];
const intervals = [...resampledIntervals, "studentized"] as const satisfies readonly IntervalKind[];
const covariances = ["jackknife", "delong", "bootstrap"] as const satisfies readonly CovarianceKind[];
const splits = ["train", "val", "test"] as const satisfies readonly SplitName[];

/**
 * Every verb and option of the command line. Commands are imported when they run, so that `--help` is quick.
 * Errors of usage are thrown as commander's `CommanderError`.
 */
export function buildProgram(perform: Perform, writeOut: (text: string) => void): Command {
  const program = new Command("hemosynth");
  program
    .description(
      "Makes pseudo-hemorrhages in normal fetal brain MRI, trains on them, and evaluates.\nResearch only, not for clinical use.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .exitOverride()
    .configureOutput({ writeOut, writeErr: () => {} });
  addMachine(program, perform);
  addData(program, perform);
  addStages(program, perform);
  addSweep(program, perform);
  addPredict(program, perform);
  addMetrics(program, perform);
  addReader(program, perform);
  addPower(program, perform);
  addExportModel(program, perform);
  addImport(program, perform);
  addConfig(program, perform);
  return program;
}

function addMachine(program: Command, perform: Perform): void {
  const doctor = program
    .command("doctor")
    .description("say what is on this machine, which backend is used and why, and what mends the rest");
  doctor.addOption(backendOption());
  finish(doctor, "hemosynth doctor --json").action((options) =>
    perform(async (session) => (await import("./commands/machine.ts")).doctor(options, session)),
  );
  const backend = program.command("backend").description("install a native TensorFlow.js backend").helpCommand(false);
  const install = backend.command("install").description("fetch and build native TensorFlow, cached outside this folder");
  install.addOption(new Option("--device <device>", "what it computes on").choices(["cpu", "cuda"]).default("cpu"));
  install.addOption(workersOption());
  finish(install, "hemosynth backend install --device cuda").action((options) =>
    perform(async (session) => (await import("./commands/machine.ts")).installBackend(options, session)),
  );
}

function addData(program: Command, perform: Perform): void {
  const ingest = program
    .command("ingest <folder>")
    .description("make a dataset of a folder of normal volumes, BIDS or flat; the volumes stay there");
  finish(
    writes(ingest, "folder for the dataset"),
    "hemosynth ingest bids/ --out datasets/mine --set data.labels.scheme=feta",
  ).action((folder, options) =>
    perform(async (session) => (await import("./commands/stages.ts")).ingest(folder, options, session)),
  );
  const phantom = program.command("phantom").description("make a dataset of procedural fetal brains");
  finish(
    writes(phantom, "folder for the dataset"),
    "hemosynth phantom --out datasets/phantom --set data.subjects=12 --seed 1",
  ).action((options) => perform(async (session) => (await import("./commands/stages.ts")).phantom(options, session)));
}

function addStages(program: Command, perform: Perform): void {
  const data = "dataset to read, instead of the one in --out";
  const synth = program
    .command("synth [config]")
    .description("paint pseudo-hemorrhages into normal brains and cut them into stacks");
  writes(synth, "run folder")
    .option("--data <folder>", data)
    .addOption(previewOption())
    .option("--replay <sidecars...>", "instead, make stacks again from their sidecars and the normal cases of --data");
  finish(synth, "hemosynth synth configs/demo.yaml --out runs/demo").action((config, options) =>
    perform(async (session) => (await import("./commands/synth.ts")).synth(config, options, session)),
  );
  addExport(program, perform);
  const train = program.command("train <config>").description("train a segmenter on the synthetic stacks");
  computes(writes(train, "run folder")).option("--data <folder>", data).option("--resume", "go on with an interrupted training");
  finish(train, "hemosynth train configs/demo.yaml --out runs/demo --resume").action((config, options) =>
    perform(async (session) => (await import("./commands/stages.ts")).train(config, options, session)),
  );
  const evaluate = program
    .command("eval <config>")
    .description("compare predictions with the truth; write results and the report");
  writes(evaluate, "run folder")
    .option("--data <folder>", data)
    .option("--in <folder>", "predictions to read, instead of those in --out");
  finish(evaluate, "hemosynth eval configs/demo.yaml --out runs/demo --set eval.bootstrap.resamples=5000").action(
    (config, options) => perform(async (session) => (await import("./commands/stages.ts")).evaluate(config, options, session)),
  );
  const run = program
    .command("run <config>")
    .description("run all stages; skip what is up to date, go on where a run was interrupted");
  computes(writes(run, "run folder"))
    .addOption(foldsOption())
    .option(
      "--locked",
      "refuse where config, inputs, version or backend are not those of the manifest in --out, or results differ",
    );
  finish(run, "hemosynth run configs/demo.yaml --out runs/demo").action((config, options) =>
    perform(async (session) => (await import("./commands/stages.ts")).run(config, options, session)),
  );
}

function addSweep(program: Command, perform: Perform): void {
  const sweep = program
    .command("sweep <config>")
    .description(
      "a run for each point of a config's sweep section, what they have in common once, and their results side by side",
    );
  sweep
    .requiredOption("--out <folder>", "folder of the sweep")
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(workersOption())
    .addOption(new Option("--jobs <number>", "runs at a time, each in a process of its own").default(1).argParser(countUpTo(256)))
    .option("--resume", "do what is missing of a sweep that was begun")
    .option("--only-failed", "do again what failed, and nothing else")
    .option("--dry-run", "check every point, print the plan, write nothing");
  finish(sweep, "hemosynth sweep configs/sweeps/priors.yaml --out runs/priors --jobs 2").action((config, options) =>
    perform(async (session) => (await import("./commands/sweep.ts")).sweep(config, options, session)),
  );
  const verify = program
    .command("verify <run>")
    .description(
      "run a run folder's config again in a clean folder beside it and compare every file; exit code 8 where one differs",
    )
    .addOption(workersOption());
  finish(verify, "hemosynth verify runs/demo").action((run, options) =>
    perform(async (session) => (await import("./commands/verify.ts")).verify(run, options, session)),
  );
  const list = program.command("ls <runs>").description("list the run folders in a folder: status, figures, age");
  finish(list, "hemosynth ls runs").action((runs) => perform(async () => (await import("./commands/ls.ts")).list(runs)));
}

function addExport(program: Command, perform: Perform): void {
  const command = program
    .command("export <dataset>")
    .description("write a dataset with lesion masks, or the stacks of a run folder, for other programs")
    .addOption(new Option("--format <name>", "which").choices(formatNames).makeOptionMandatory())
    .requiredOption("--out <folder>", "folder to fill; must be empty")
    .addOption(workersOption());
  finish(command, "hemosynth export runs/demo --format nnunet --out nnUNet_raw/Dataset501_Hemorrhage").action(
    (dataset, options) =>
      perform(async (session) => (await import("./commands/synth.ts")).exportDataset(dataset, options, session)),
  );
}

function addPredict(program: Command, perform: Perform): void {
  const predict = program
    .command("predict")
    .description("predict lesion probabilities and scores for NIfTI, PNG, a folder or a dataset");
  computes(writes(predict, "folder for the predictions; without --in, a run folder"))
    .option("--model <run>", "run folder of the trained model")
    .option("--in <path>", "a .nii, .nii.gz or .png file, a folder of them, or a dataset")
    .addOption(new Option("--split <names...>", "of a dataset, only these splits").choices(splits));
  finish(predict, "hemosynth predict --model runs/demo --in stack.nii.gz --out predictions").action((options) =>
    perform(async (session) => (await import("./commands/stages.ts")).predict(options, session)),
  );
}

function addMetrics(program: Command, perform: Perform): void {
  const command = program
    .command("metrics <predictions>")
    .description(
      "evaluate predictions in a CSV file, or boxes as COCO results, whoever made them: every figure with its interval",
    )
    .option("--truth <column>", "column with the truth; without, found by its usual names and said")
    .option("--score <column>", "column with the score or probability, higher for positives")
    .option("--id <columns...>", "columns that together tell rows apart")
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
    .option("--where <column=value...>", "only rows with this value")
    .option("--threshold <rule>", "youden, sensitivity=.9, specificity=.9 or a number (of probabilities by default 0.5)")
    .option("--validation <file>", "predictions that the threshold is chosen on")
    .option("--compare <files...>", "predictions of the same rows by other models, matched by id")
    .option("--compare-score <column>", "their score column, where it is called otherwise")
    .option("--margin <number>", "how much worse than the others is still as good (non-inferiority), in the unit of the figure")
    .addOption(new Option("--interval <kind>", "way from resamples to intervals").choices(intervals).default("percentile"))
    .option("--resamples <number>", "resamples of clusters", "2000")
    .option("--permutations <number>", "permutations of a test, all there are where they are fewer; 0 for none", "2000")
    .option("--level <number>", "confidence level", "0.95")
    .option("--bins <number>", "bins of the calibration curve", "10")
    .option("--seed <number>", "seed of the resamples", "0")
    .option("--reference <file>", "of boxes: COCO instances of the same pictures")
    .option("--cases <file>", "of boxes: CSV that names the patient of each picture")
    .option(
      "--confidence <number>",
      "of boxes: those scoring at least this are called; without, the confidence with the highest F1",
    )
    .option("--out <folder>", "folder for metrics.csv, metrics.md, metrics.tex and metrics.json");
  finish(command, "hemosynth metrics predictions.csv --cluster patient --threshold youden --out tables").action(
    (predictions, options) =>
      perform(async (session) => (await import("./commands/metrics.ts")).metrics(predictions, options, session)),
  );
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
    .addOption(
      new Option("--covariance <kind>", "how covariances of readers are found").choices(covariances).default("jackknife"),
    )
    .addOption(
      new Option("--interval <kind>", "way from resamples to intervals").choices(resampledIntervals).default("percentile"),
    )
    .option("--resamples <number>", "resamples of clusters", "2000")
    .option("--level <number>", "confidence level", "0.95")
    .option("--seed <number>", "seed of the resamples", "0")
    .option("--out <folder>", "folder for reader.csv, reader.md, reader.tex, reader.html and reader.json");
  finish(command, "hemosynth reader readings.csv --arms without with --cluster patient --out tables").action(
    (readings, options) => perform(async (session) => (await import("./commands/reader.ts")).reader(readings, options, session)),
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

function addExportModel(program: Command, perform: Perform): void {
  const command = program
    .command("export-model <run>")
    .description("write a trained model for a browser (tfjs), for ONNX, or as weights, with what its user has to know")
    .addOption(new Option("--format <name>", "which").choices(modelFormats).makeOptionMandatory())
    .requiredOption("--out <folder>", "folder to fill; must be empty");
  finish(command, "hemosynth export-model runs/demo --format onnx --out model-onnx").action((run, options) =>
    perform(async (session) => (await import("./commands/export-model.ts")).exportModel(run, options, session)),
  );
}

function addImport(program: Command, perform: Perform): void {
  const command = program
    .command("import-weights <file>")
    .description(
      "make weights of torchvision, timm or YOLOv5, saved as safetensors, or of Keras' ResNet50 as H5, ours, for train.init or a program of your own",
    )
    .addOption(new Option("--model <kind>", "what they are of").choices([...resnetKinds, ...yoloKinds]).makeOptionMandatory())
    .requiredOption("--out <file>", "safetensors file to write");
  finish(command, "hemosynth import-weights resnet50.safetensors --model resnet50 --out weights.safetensors").action(
    (file, options) => perform(async () => (await import("./commands/import.ts")).importWeights(file, options)),
  );
}

function addConfig(program: Command, perform: Perform): void {
  const config = program
    .command("config")
    .description("show a config with every default, or the schema for editors")
    .helpCommand(false);
  const show = config.command("show <config>").description("print the resolved config; it is accepted back");
  show.addOption(setOption()).addOption(seedOption()).addOption(backendOption());
  finish(show, "hemosynth config show configs/demo.yaml --set train.steps=100").action((file, options) =>
    perform(async () => (await import("./commands/config.ts")).show(file, options)),
  );
  const schema = config
    .command("schema")
    .description(
      "print the JSON Schema of a config file, of the sidecar beside a synthetic stack, of metrics.json (of predictions, of boxes), or of reader.json",
    );
  schema.addArgument(
    new Argument("[of]", "what it describes")
      .choices(["experiment", "sidecar", "metrics", "boxes", "reader"])
      .default("experiment"),
  );
  finish(schema, "hemosynth config schema > experiment.schema.json").action((of) =>
    perform(async () => (await import("./commands/config.ts")).schema(of)),
  );
}

/** The options of every command that writes a folder. */
function writes(command: Command, out: string): Command {
  return command
    .requiredOption("--out <folder>", out)
    .addOption(setOption())
    .addOption(seedOption())
    .addOption(workersOption())
    .option("--dry-run", "check config, backend and input files, print the plan, write nothing")
    .option("--exist-ok", "replace results of other options in --out");
}

/** What every command has: `--json`, and an example in its help. */
function finish(command: Command, example: string): Command {
  return command
    .option("--json", "print one JSON document on standard output; words go to standard error")
    .addHelpText("after", `\nExample:\n  ${example}`);
}

function setOption(): Option {
  return new Option("--set <key=value>", "set an option of the config, such as train.steps=100; may be repeated").argParser(
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

function seedOption(): Option {
  return new Option("--seed <number>", "the same as --set seed=<number>");
}

function backendOption(): Option {
  return new Option("--backend <name>", "the same as --set backend=<name>").choices(backends);
}

/** The options of every command that computes by a network. */
function computes(command: Command): Command {
  return command
    .addOption(backendOption())
    .option("--gpu <index>", "the same as --set gpu=<index>: which GPU, as nvidia-smi counts them");
}

function foldsOption(): Option {
  return new Option("--folds <numbers>", "of a cross-validation (split.folds), only these folds, such as 0,2").argParser(
    (text: string) => {
      if (!/^\d{1,4}(,\d{1,4})*$/.test(text))
        throw new InvalidArgumentError("It must be numbers from 0 with commas, such as 0,2.");
      return [...new Set(text.split(",").map(Number))].sort((a, b) => a - b);
    },
  );
}

function previewOption(): Option {
  const help = "instead, show so many scenes on a page, with what is drawn beside the priors' targets; writes no dataset";
  return new Option("--preview <scenes>", help).argParser(countUpTo(200));
}

/** Reads a whole number from 1 to `most`. */
function countUpTo(most: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,4}$/.test(text) && Number(text) > 0 && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}

function workersOption(): Option {
  return new Option("--workers <number>", "worker threads; results do not depend on it")
    .default(availableParallelism(), "all cores")
    .argParser(countUpTo(9999));
}
