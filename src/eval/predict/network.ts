import { UserError } from "../../core/errors.ts";
import type { Plane, Volume } from "../../core/volume.ts";
import { dataFault } from "../../data/faults.ts";
import type { ModelFolder } from "../../data/model-folder.ts";
import {
  bagOutputs,
  bleedOutputs,
  buildModel,
  denoisedOutputs,
  forInference,
  hemorrhageOutputs,
  imagesOfSet,
  isPretextOutput,
  type Model,
  type ModelOptions,
  modelOptions,
  setWeights,
} from "../../models/index.ts";
import type { TissueNetwork } from "../../tissue/segment.ts";
import { anomalyLogits } from "./anomaly.ts";
import { scoreBag, type VolumeBag } from "./bag.ts";
import { type HeatedScores, scoreSet, scoreVolume } from "./classify.ts";
import { detectVolume, type VolumeBoxes } from "./detect.ts";
import type { PredictOptions } from "./options.ts";
import { predictVolume, type Segmenter, type VolumePrediction } from "./volume.ts";

/** A network as it is applied to a volume. */
export interface Network {
  readonly model: Model;
  /** Slices that a volume must have; null: any number. */
  readonly slices: number | null;
  predict(
    volume: Volume,
    mask: Volume<Uint16Array> | null,
    options: PredictOptions,
    signal: AbortSignal,
    finder: TissueNetwork | null,
  ): Promise<Told>;
}

/** What a network says of a volume. */
export interface Told {
  readonly prediction: VolumePrediction | HeatedScores | VolumeBoxes | VolumeBag;
  readonly plane: Plane;
  readonly gate: { readonly source: string; readonly mm3: number };
}

/** Whether a network sees whole slices and draws no map: a classifier of slices or of bags, or a detector. */
export function tellsOfSlices({ file: { task, outputs } }: Pick<ModelFolder, "file">): boolean {
  if (task === "classes" || task === "crops" || task === "regions") return true;
  return [bleedOutputs, bagOutputs, hemorrhageOutputs].some((names) => names.join() === outputs.join());
}

/**
 * Builds a trained network.
 * @param where - Names the model in messages.
 * @throws {UserError} (data) If nothing can be predicted by it.
 */
export function readyNetwork(folder: ModelFolder, where: string): Network {
  const { file, weights } = folder;
  if (isPretextOutput(file.outputs))
    throw dataFault(
      where,
      "must be a network that something can be predicted by",
      "one that was only pretrained",
      "Start a training of another task from it by train.init",
    );
  const options = modelOptions.safeParse(file.model);
  const apply = options.success && file.inChannels === 1 ? predictorOf(folder, options.data) : null;
  if (!options.success || apply === null)
    throw dataFault(
      where,
      "must be a segmenter of one channel with a lesion output, an autoencoder that takes off noise, a classifier of slices or of bags, or a detector",
      "another model",
      "Train one with this version",
    );
  const model = forInference(buildModel(options.data, { inChannels: 1, outChannels: file.outputs.length, seed: file.seed }));
  setWeights(model, weights, where);
  return { model, slices: imagesOfSet(options.data), predict: apply(model) };
}

/** How a network is applied, by what it was trained to tell; null where that is nothing known. */
function predictorOf({ file, preprocess }: ModelFolder, options: ModelOptions): ((model: Model) => Network["predict"]) | null {
  const { task, outputs, window } = file;
  const is = (names: readonly string[]) => names.join() === outputs.join();
  if (window !== undefined && task === "crops")
    return (model) => async (volume) => ungated(await scoreSet({ model, preprocess, window }, volume));
  if (window !== undefined && (task === "classes" || is(bleedOutputs)))
    return (model) => async (volume, _, options, signal) =>
      ungated(await scoreVolume({ model, preprocess, window, outputs: outputs.length }, volume, options, signal));
  if (window !== undefined && is(bagOutputs))
    return (model) => async (volume, _, options, signal) =>
      ungated(await scoreBag({ model, preprocess, window }, volume, options, signal));
  if (options.kind === "yolov5") {
    const { anchors } = options;
    return (model) => async (volume, _, options, signal) => {
      refuseFlips(options);
      return ungated(await detectVolume({ model, preprocess, anchors, classes: outputs.length }, volume, options, signal));
    };
  }
  if (is(denoisedOutputs)) return (model) => gated({ model: anomalyLogits(model), preprocess, outputs: ["lesion"] });
  return outputs.includes("lesion") ? (model) => gated({ model, preprocess, outputs }) : null;
}

function ungated(prediction: HeatedScores | VolumeBoxes | VolumeBag): Told {
  return { prediction, plane: prediction.plane, gate: { source: "none", mm3: Math.round(prediction.mm3) } };
}

function gated(segmenter: Segmenter): Network["predict"] {
  return async (volume, mask, options, signal, finder) => {
    const prediction = await predictVolume(segmenter, volume, mask, options, signal, finder);
    const gate = { source: prediction.gateSource, mm3: Math.round(prediction.gateMm3) };
    return { prediction, plane: prediction.plane, gate };
  };
}

function refuseFlips({ flips }: PredictOptions): void {
  if (flips === "none") return;
  throw new UserError("usage", `predict.flips must be none for a detector, which sees each slice once; got ${flips}.`);
}
