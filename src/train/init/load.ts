import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { parseJson } from "../../data/dataset.ts";
import { type ModelFile, readWeightsFile } from "../../data/model-folder.ts";
import { fitWeights, type ModelOptions, type ModelShape, type WeightArray, yoloOptions } from "../../models/index.ts";
import type { Anchors } from "../detect/target.ts";
import type { InitOptions } from "./options.ts";

/** What is kept of the weights that a training started from: `init` of `model.json`, and the anchors of a detector. */
export interface InitFacts extends NonNullable<ModelFile["init"]> {
  /** Where the head was taken, those that it was trained with, if the file says them; else null. */
  readonly anchors: Anchors | null;
}

/** What a training starts from. */
export interface Init {
  /** The file, for messages. */
  readonly where: string;
  /** To be set, by name. */
  readonly weights: ReadonlyMap<string, WeightArray>;
  readonly facts: InitFacts;
}

/**
 * Reads the weights that a training starts from and fits them to its network.
 * @throws {UserError} (data) If there are no sound weights, or they do not fit the network; (usage) if a prefix of `only` fits none of its weights.
 */
export async function readInit({ from, only }: InitOptions, model: ModelOptions, shape: Omit<ModelShape, "seed">): Promise<Init> {
  const { where, sha256, metadata, weights } = await readWeightsFile(from);
  checkStride(metadata.get("strideIn"), model, where);
  const given = { where, kind: metadata.get("kind") ?? null, weights };
  const { taken, summed, random, takesHead } = fitWeights(model, shape, given, only);
  const text = model.kind === "yolov5" && takesHead ? metadata.get("anchors") : undefined;
  const wayOut = "leave the head out by train.init.only";
  const anchors = text === undefined ? null : parseJson(text, where, yoloOptions.shape.anchors, wayOut);
  return {
    where,
    weights: taken,
    facts: { sha256, taken: [...taken.keys()], summed: [...summed], random: [...random], anchors },
  };
}

/** A ResNet-50 of Keras has the names and shapes of torchvision's and is another network: nothing but the file's own word tells them apart. */
function checkStride(given: string | undefined, model: ModelOptions, where: string): void {
  if (given === undefined || !("strideIn" in model) || given === model.strideIn) return;
  throw new UserError(
    "usage",
    `${where}: these weights are of a ${model.kind} with strideIn ${given}; got model.strideIn ${model.strideIn}. Set it to ${given}.`,
  );
}

/** `init` of `model.json`. */
export function provenance({ anchors: _, ...facts }: InitFacts): NonNullable<ModelFile["init"]> {
  return facts;
}

/** What was taken and what was not, in one line. */
export function initWords({ where, facts: { taken, summed, random } }: Init): string {
  const greys = summed.map((name) => `, ${name} summed over its input channels`).join("");
  return `starts from ${where}: ${many(taken.length, "weight")} taken${greys}; at random: ${listed(random)}`;
}

/** The first names of a list. */
function listed(names: readonly string[]): string {
  const most = 6;
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return names.length === 0 ? "none" : `${names.slice(0, most).join(", ")}${more}`;
}
