import { z } from "zod";
import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { parseJson } from "../../data/dataset.ts";
import { type ModelFile, readWeightsFile } from "../../data/model-folder.ts";
import { fitWeights, type ModelOptions, type ModelShape, strideOf, type WeightArray, yoloOptions } from "../../models/index.ts";
import type { Anchors } from "../detect/target.ts";
import type { TaskName } from "../options.ts";
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
  /** The task that the weights were trained for, where it is another; else null. */
  readonly otherTask: string | null;
  /** To be set, by name. */
  readonly weights: ReadonlyMap<string, WeightArray>;
  readonly facts: InitFacts;
}

/**
 * Reads the weights that a training starts from and fits them to its network.
 * @param task - Of the training, so that weights of another are called what they are.
 * @throws {UserError} (data) If there are no sound weights, or they do not fit the network; (usage) if a prefix of `only` fits none of its weights.
 */
export async function readInit(
  { from, into, only }: InitOptions,
  model: ModelOptions,
  shape: Omit<ModelShape, "seed">,
  task: TaskName,
): Promise<Init> {
  const { where, sha256, metadata, weights } = await readWeightsFile(from);
  const origin = originOf(metadata, where);
  checkStride(origin.strideIn, model, where);
  const otherTask = origin.task !== null && origin.task !== task ? origin.task : null;
  const given = { where, kind: kindWords(origin.kind, otherTask), weights: renamed(weights, into) };
  const { taken, summed, random, takesHead } = fitWeights(model, shape, given, only);
  const text = model.kind === "yolov5" && takesHead ? metadata.get("anchors") : undefined;
  const wayOut = "leave the head out by train.init.only";
  const anchors = text === undefined ? null : parseJson(text, where, yoloOptions.shape.anchors, wayOut);
  return {
    where,
    otherTask,
    weights: taken,
    facts: { sha256, taken: [...taken.keys()], summed: [...summed], random: [...random], anchors },
  };
}

/** What a file says of its weights; null where it does not. */
interface Origin {
  readonly kind: string | null;
  readonly task: string | null;
  readonly strideIn: string | null;
}

/** What is read of a checkpoint's header, which has the options of its training. */
const checkpointHeader = z.object({
  fingerprint: z.object({
    model: z.object({
      kind: z.string(),
      strideIn: z.string().optional(),
      encoder: z.object({ strideIn: z.string().optional() }).optional(),
    }),
    train: z.object({ task: z.string() }),
  }),
});

function originOf(metadata: ReadonlyMap<string, string>, where: string): Origin {
  const text = metadata.get("hemosynth");
  const of = (key: string) => metadata.get(key) ?? null;
  if (metadata.get("format") === "hemosynth" || text === undefined)
    return { kind: of("kind"), task: of("task"), strideIn: of("strideIn") };
  const { model, train } = parseJson(text, where, checkpointHeader, "use the best weights").fingerprint;
  return { kind: model.kind, task: train.task, strideIn: model.strideIn ?? model.encoder?.strideIn ?? null };
}

function kindWords(kind: string | null, otherTask: string | null): string | null {
  return kind === null || otherTask === null ? kind : `${kind} trained for ${otherTask}`;
}

function renamed<T>(weights: ReadonlyMap<string, T>, into: string | null): ReadonlyMap<string, T> {
  return into === null ? weights : new Map([...weights].map(([name, weight]) => [into + name, weight]));
}

/** A ResNet-50 of Keras has the names and shapes of torchvision's and is another network: nothing but the file's own word tells them apart. */
function checkStride(given: string | null, model: ModelOptions, where: string): void {
  const own = strideOf(model);
  if (given === null || own === null || given === own) return;
  const key = "encoder" in model ? "model.encoder.strideIn" : "model.strideIn";
  throw new UserError(
    "usage",
    `${where}: these weights are of a resnet50 with strideIn ${given}; got ${key} ${own}. Set it to ${given}.`,
  );
}

/** `init` of `model.json`. */
export function provenance({ anchors: _, ...facts }: InitFacts): NonNullable<ModelFile["init"]> {
  return facts;
}

/** What was taken and what was not, in one line. */
export function initWords({ where, otherTask, facts: { taken, summed, random } }: Init): string {
  const greys = summed.map((name) => `, ${name} summed over its input channels`).join("");
  const of = otherTask === null ? "" : ` (trained for ${otherTask})`;
  return `starts from ${where}${of}: ${many(taken.length, "weight")} taken${greys}; at random: ${listed(random)}`;
}

/** The first names of a list. */
function listed(names: readonly string[]): string {
  const most = 6;
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return names.length === 0 ? "none" : `${names.slice(0, most).join(", ")}${more}`;
}
