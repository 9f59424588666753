import { bringsTruth } from "../config/data.ts";
import type { Experiment } from "../config/experiment.ts";
import type { StageContext, StageResult } from "../core/context.ts";
import type { Shard } from "../synth/stage.ts";
import type { Made, Parts } from "./record.ts";

export const stageNames = [
  "data",
  "pool",
  "tissue",
  "synth",
  "pretrain",
  "detect",
  "regions",
  "train",
  "predict",
  "eval",
] as const;
export type StageName = (typeof stageNames)[number];

/** What a stage is given to work on. Folders are as the user wrote them, from the current folder. */
export interface StageJob {
  readonly experiment: Experiment;
  /** The run folder. */
  readonly root: string;
  /** The stage's own folder. */
  readonly out: string;
  /** Where the results of the stages that it reads lie. */
  readonly inputs: Readonly<Partial<Record<StageName, string>>>;
  /** Go on with what an interrupted run left. */
  readonly resume: boolean;
  /** Everything that its result depends on, as its record will say. */
  readonly parts: Parts;
  /** With what it is computed. */
  readonly made: Made;
  /** Of a synthesis that several processes make together: the part to make, without saying that it is whole. */
  readonly shard?: Shard;
}

/** One stage of the pipeline, as the command line sees it. */
export interface Stage {
  readonly name: StageName;
  /** Stages whose results it reads. */
  readonly reads: readonly StageName[];
  /** Whether it computes on a TensorFlow.js backend. */
  readonly backend: boolean;
  /** Whether it goes on from where an interrupted run stopped: never, when asked, or always, since the result is the same bytes. */
  readonly resumes: "never" | "asked" | "always";
  /** Files that it writes outside its folder, relative to it. */
  readonly beside: readonly string[];
  /** The part of the experiment that its result depends on, beside the seed. */
  options(experiment: Experiment, root: string): unknown;
  /** What it reads from outside the run folder, hashed, by a name for messages. */
  sources(experiment: Experiment): Promise<Readonly<Record<string, string>>>;
  /** Why a whole result no longer fits what it was made from, or null; beside what the key already says. */
  stale(experiment: Experiment, folder: string): Promise<string | null>;
  /** A few words on how much there is to do; the place to refuse what can be told without doing it. */
  plan(experiment: Experiment): string | Promise<string>;
  run(job: StageJob, context: StageContext): Promise<StageResult>;
}

/** The stage that makes what is known of subjects: synthesis, or the data themselves where they bring their own truth. Folds divide its cases. */
export function casesStage({ data }: Pick<Experiment, "data">): "synth" | "data" {
  return bringsTruth(data) ? "data" : "synth";
}

/** The stage whose cases are trained on, predicted and evaluated. */
export function seenStage(experiment: Pick<Experiment, "data" | "regions">): "synth" | "data" | "regions" {
  return experiment.regions === null ? casesStage(experiment) : "regions";
}

/** Where these cases lie, for a stage that reads them; of pretraining those of the pool, if it has one. */
export const casesIn = ({ regions, pool, synth, data: own }: StageJob["inputs"]) => (regions ?? pool ?? synth ?? own)!;

/** What most stages have none of. */
export const none = { beside: [], sources: async () => ({}), stale: async () => null } as const;
