import { placeOfClass } from "../data/classes.ts";
import { type Holdings, type PublicHoldings, publicHoldings } from "../data/datasets/holdings.ts";
import { learnsFrom } from "../train/learns-from.ts";
import { isPretraining, type TrainOptions } from "../train/options.ts";
import type { DataOptions } from "./data.ts";
import type { Experiment } from "./experiment.ts";

/** What of an experiment asks for something of its data. */
export interface Asked {
  readonly train: Pick<TrainOptions, "task" | "outputs">;
  /** Names of the regions that are cut out; null: whole images. */
  readonly regions: readonly string[] | null;
  readonly gate: string;
}

/** What a pretraining asks for: it cuts no regions out, and nothing is predicted of its data. */
export function askedBy({ train }: Pick<Asked, "train">): Asked {
  return { train, regions: null, gate: "none" };
}

/** What a training and the prediction after it ask for. */
export function askedOf({ train, regions, predict }: Pick<Experiment, "train" | "regions" | "predict">): Asked {
  return { train, regions: regions?.names ?? null, gate: predict.gate };
}

/** What is asked for and not held, and what would mend it. */
export interface Lack {
  readonly needs: string;
  readonly wayOut: string;
}

/** Whether there are boxes; also where only the files tell of what. */
function hasBoxes({ regions }: Pick<Holdings, "regions">): boolean {
  return regions === null || regions.length > 0;
}

const seeDocs = "docs/datasets.md tells what takes which set";

/** The way out where there are no masks: another task learns boxes that are drawn, and not those around masks. */
function withoutMasks(task: TrainOptions["task"], holds: Holdings): string {
  if (task !== "detect" || !hasBoxes(holds)) return seeDocs;
  return "Set train.task to regions and train.outputs to names of its boxes (docs/head-ct.md#real-pictures-with-boxes)";
}

/** What a training needs that a set does not hold, as far as is known; null where there is nothing. */
export function lackOf({ train, regions, gate }: Asked, holds: Holdings): Lack | null {
  const needs = (what: string, wayOut = seeDocs) => ({ needs: what, wayOut });
  const { task } = train;
  const outputs = train.outputs ?? [];
  const without = (known: readonly string[], wanted: readonly string[]) => wanted.filter((name) => !known.includes(name));
  if (regions !== null && holds.regions !== null && without(holds.regions, regions).length > 0)
    return needs(
      `boxes of ${regions.join(", ")}, for regions.names`,
      holds.classes.length === 0 ? seeDocs : among("regions.names", holds.regions),
    );
  switch (learnsFrom[task]) {
    case "masks":
      if (!holds.lesionMasks || !holds.insides)
        return needs(`masks of blood and of the brain, for train.task ${task}`, withoutMasks(task, holds));
      break;
    case "lesions":
      if (!holds.lesions) return needs(`exams with masks of blood or grades, for train.task ${task}`);
      break;
    case "types":
      if (without(holds.lesionTypes, outputs).length > 0)
        return needs(`masks of ${outputs.join(", ")}, for train.outputs`, among("train.outputs", holds.lesionTypes));
      break;
    case "boxes":
      if (holds.regions !== null && without(holds.regions, outputs).length > 0)
        return needs(`boxes of ${outputs.join(", ")}, for train.outputs`, among("train.outputs", holds.regions));
      break;
    case "classes":
      if (without([...holds.classes, "other"], outputs).length > 0)
        return needs(`the classes ${outputs.join(", ")}, for train.outputs`, among("train.outputs", holds.classes));
      break;
    case "tissues": // of a synthesis alone
    case "healthy":
    case "none":
      break;
    default:
      learnsFrom[task] satisfies never;
  }
  const isGated = gate === "given" && regions === null && !isPretraining(task);
  return isGated && !holds.insides ? needs("brain masks, for predict.gate given", "Set predict.gate to none") : null;
}

const among = (option: string, names: readonly string[]): string =>
  names.length === 0 ? seeDocs : `Set ${option} to names among ${names.join(", ")}`;

/** What a set holds, in words. */
export function holdingWords({ painted, lesionMasks, lesions, insides, classes, regions, lesionTypes }: Holdings): string {
  if (painted) return "normal brains to paint bleeds into";
  const masks = lesionTypes.length === 0 ? "masks of blood" : `masks of ${lesionTypes.join(", ")}`;
  const parts = [
    ...(lesionMasks ? [masks] : lesions ? ["grades, and no masks of blood"] : []),
    ...(insides ? ["brain masks"] : []),
    ...(classes.length > 0 ? [`the classes ${classes.join(", ")}`] : []),
    ...(hasBoxes({ regions }) ? [regions === null ? "boxes that its files name" : `boxes of ${regions.join(", ")}`] : []),
  ];
  return parts.join("; ") || "images alone";
}

/** How images of some data are made; null where their files tell. */
export function modalityOf(data: DataOptions): PublicHoldings["modality"] {
  switch (data.kind) {
    case "phantom":
      return "T2w";
    case "head-ct":
      return "CT";
    case "fetal-ultrasound":
    case "cranial-ultrasound":
      return "US";
    case "public":
      return publicHoldings[data.layout].modality;
    case "folder":
    case "dataset":
      return null;
    default:
      return data satisfies never;
  }
}

/** Why a public set does not do for what is asked of it, told by its layout alone; null where it does. */
export function publicMisfit(data: DataOptions, asked: Asked): string | null {
  if (data.kind !== "public") return null;
  const holds = publicHoldings[data.layout];
  const lack = lackOf(asked, holds);
  const got = `got ${data.layout}, which has ${holdingWords(holds)}`;
  if (lack !== null) return `must be of a set with ${lack.needs}; ${got}. ${lack.wayOut}`;
  const { outputs } = asked.train;
  const unnamed = learnsFrom[asked.train.task] === "classes" && holds.classes.find((name) => placeOfClass(name, outputs!) < 0);
  return unnamed ? `must be of a set whose classes train.outputs names, or other; ${got}. Name ${unnamed} too` : null;
}
