import { Argument, Command, Option } from "commander";
import type { SplitName } from "../data/dataset.ts";
import { packageVersion } from "../data/version.ts";
import { modelFormats } from "../export/options.ts";
import type { ResNetKind, YoloKind } from "../models/index.ts";
import { formatNames } from "../synth/export/format.ts";
import type { LauncherName } from "./commands/sweep.ts";
import {
  backendOption,
  cacheLimitOption,
  cacheOption,
  caches,
  computes,
  countUpTo,
  finish,
  foldsOption,
  mlflowOption,
  type Perform,
  previewOption,
  seedOption,
  setOption,
  shardOption,
  workersOption,
  writes,
} from "./options.ts";
import { addStatistics } from "./statistics.ts";

export type { Perform } from "./options.ts";

const resnetKinds = ["resnet18", "resnet34", "resnet50"] as const satisfies readonly ResNetKind[];
const yoloKinds = ["yolov5n", "yolov5s"] as const satisfies readonly YoloKind[];
const splits = ["train", "val", "test"] as const satisfies readonly SplitName[];
const launcherNames = ["local", "slurm"] as const satisfies readonly LauncherName[];

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
  addRun(program, perform);
  addSweep(program, perform);
  addCache(program, perform);
  addPredict(program, perform);
  addStatistics(program, perform);
  addExportModel(program, perform);
  addExportCrate(program, perform);
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
    .description("make a dataset of a folder of volumes (NIfTI, BIDS or flat; DICOM series); NIfTI stays where it is");
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
    .addOption(shardOption())
    .option("--replay <sidecars...>", "instead, make stacks again from their sidecars and the normal cases of --data");
  finish(synth, "hemosynth synth configs/demo.yaml --out runs/demo").action((config, options) =>
    perform(async (session) => (await import("./commands/synth.ts")).synth(config, options, session)),
  );
  addExport(program, perform);
  const train = program
    .command("train <config>")
    .description("train a network: segmenter, classifier, detector, bags, pretraining");
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
}

function addRun(program: Command, perform: Perform): void {
  const run = program
    .command("run <config>")
    .description("run all stages; skip what is up to date, go on where a run was interrupted");
  caches(computes(writes(run, "run folder")))
    .addOption(foldsOption())
    .addOption(mlflowOption())
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
    .addOption(
      new Option("--launcher <name>", "where runs are computed: processes here, or jobs of a Slurm cluster")
        .choices(launcherNames)
        .default("local"),
    )
    .addOption(
      new Option("--jobs <number>", "runs at a time; by default 1 here, on Slurm as many as it gives").argParser(countUpTo(1000)),
    )
    .option("--resume", "do what is missing of a sweep that was begun")
    .option("--only-failed", "do again what failed, and nothing else")
    .option("--dry-run", "check every point, print the plan, write nothing");
  caches(sweep).addOption(mlflowOption());
  finish(sweep, "hemosynth sweep configs/sweeps/priors.yaml --out runs/priors --jobs 2").action((config, options) =>
    perform(async (session) => (await import("./commands/sweep.ts")).sweep(config, options, session)),
  );
  const verify = program
    .command("verify <run>")
    .description(
      "run a run folder's config again in a clean folder beside it and compare every file, or each run of a sweep; exit code 8 where one differs",
    )
    .addOption(workersOption());
  finish(verify, "hemosynth verify runs/demo").action((run, options) =>
    perform(async (session) => (await import("./commands/verify.ts")).verify(run, options, session)),
  );
  const list = program.command("ls <runs>").description("list the run folders in a folder: status, figures, age");
  finish(list, "hemosynth ls runs").action((runs) => perform(async () => (await import("./commands/ls.ts")).list(runs)));
}

function addCache(program: Command, perform: Perform): void {
  const cache = program.command("cache").description("look into a cache of stage results, or make room in it").helpCommand(false);
  const list = cache
    .command("ls")
    .description("list what it holds, used last first")
    .addOption(cacheOption().makeOptionMandatory());
  finish(list, "hemosynth cache ls --cache ~/.cache/hemosynth/stages").action((options) =>
    perform(async () => (await import("./commands/cache.ts")).listCache(options)),
  );
  const prune = cache
    .command("prune")
    .description("remove what was used longest ago, until the limit is kept to, and what killed processes left")
    .addOption(cacheOption().makeOptionMandatory())
    .addOption(cacheLimitOption());
  finish(prune, "hemosynth cache prune --cache ~/.cache/hemosynth/stages --cache-limit 5").action((options) =>
    perform(async () => (await import("./commands/cache.ts")).pruneCache(options)),
  );
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
    .description("apply a trained network: maps, heat maps or boxes, and scores, for images, a folder or a dataset");
  computes(writes(predict, "folder for the predictions; without --in, a run folder"))
    .option("--model <run>", "run folder of the trained model")
    .option(
      "--in <path>",
      "a .nii, .nii.gz, .png, .jpg or .tif file, a folder of them or of the slices of a DICOM series, or a dataset",
    )
    .addOption(new Option("--split <names...>", "of a dataset, only these splits").choices(splits));
  finish(predict, "hemosynth predict --model runs/demo --in stack.nii.gz --out predictions").action((options) =>
    perform(async (session) => (await import("./commands/stages.ts")).predict(options, session)),
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

function addExportCrate(program: Command, perform: Perform): void {
  const command = program
    .command("export-crate <run>")
    .description(
      "write a run folder as an RO-Crate, to be archived with a paper: files with hashes, each stage with what it was made from",
    )
    .requiredOption("--out <folder>", "folder to fill; must be empty")
    .option("--license <id>", "licence of what is published: an identifier of SPDX, such as CC-BY-4.0, or a URL")
    .option("--date <YYYY-MM-DD>", "date of publication; today by default")
    .option("--with-cases", "of real data, images, tables of cases and the report too; without, results alone");
  finish(command, "hemosynth export-crate runs/demo --out crate --license CC-BY-4.0").action((run, options) =>
    perform(async (session) => (await import("./commands/export-crate.ts")).exportCrate(run, options, session)),
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
      "print the JSON Schema of a config file, of the sidecar beside a synthetic stack, of metrics.json (of predictions, of boxes, of masks), or of reader.json",
    );
  schema.addArgument(
    new Argument("[of]", "what it describes")
      .choices(["experiment", "sidecar", "metrics", "boxes", "masks", "reader"])
      .default("experiment"),
  );
  finish(schema, "hemosynth config schema > experiment.schema.json").action((of) =>
    perform(async () => (await import("./commands/config.ts")).schema(of)),
  );
}
