import { UserError } from "../../core/errors.ts";
import type { Volume } from "../../core/volume.ts";
import { dataFault } from "../../data/faults.ts";
import type { ModelFolder } from "../../data/model-folder.ts";
import {
  bleedOutputs,
  buildModel,
  forInference,
  hemorrhageOutputs,
  type Model,
  modelOptions,
  setWeights,
} from "../../models/index.ts";
import type { TissueNetwork } from "../../tissue/segment.ts";
import { type HeatedScores, scoreVolume } from "./classify.ts";
import { detectVolume, type VolumeBoxes } from "./detect.ts";
import type { PredictOptions } from "./options.ts";
import { predictVolume, type VolumePrediction } from "./volume.ts";

/** A network as it is applied to a volume. */
export interface Network {
  readonly model: Model;
  predict(
    volume: Volume,
    mask: Volume<Uint16Array> | null,
    options: PredictOptions,
    signal: AbortSignal,
    finder: TissueNetwork | null,
  ): Promise<{
    readonly plane: string;
    readonly gate: { readonly source: string; readonly mm3: number };
    readonly prediction: VolumePrediction | HeatedScores | VolumeBoxes;
  }>;
}

/** Whether a network draws no map: a classifier of slices, or a detector. */
export function tellsOfSlices({ file }: Pick<ModelFolder, "file">): boolean {
  return file.outputs.join() === bleedOutputs.join() || file.outputs.join() === hemorrhageOutputs.join();
}

/** The network of a folder with its weights. @throws {UserError} (data) If it is none that this version can apply. */
export function readyNetwork({ file, preprocess, weights }: ModelFolder, where: string): Network {
  const options = modelOptions.safeParse(file.model);
  const { window, outputs } = file;
  const classifies = tellsOfSlices({ file }) && window !== undefined;
  const detector = options.data?.kind === "yolov5" ? options.data : null;
  const usable = options.success && file.inChannels === 1 && (classifies || detector !== null || outputs.includes("lesion"));
  if (!usable)
    throw dataFault(
      where,
      "must be a segmenter of one channel with a lesion output, a classifier of slices, or a detector",
      "another model",
      "Train one with this version",
    );
  const model = forInference(buildModel(options.data, { inChannels: 1, outChannels: file.outputs.length, seed: file.seed }));
  setWeights(model, weights, where);
  if (classifies)
    return {
      model,
      async predict(volume, _, options, signal) {
        const prediction = await scoreVolume({ model, preprocess, window }, volume, options, signal);
        return { prediction, plane: prediction.plane, gate: { source: "none", mm3: Math.round(prediction.mm3) } };
      },
    };
  if (detector !== null)
    return {
      model,
      async predict(volume, _, options, signal) {
        if (options.flips !== "none")
          throw new UserError(
            "usage",
            `predict.flips must be none for a detector, which sees each slice once; got ${options.flips}.`,
          );
        const { anchors } = detector;
        const prediction = await detectVolume({ model, preprocess, anchors, classes: outputs.length }, volume, options, signal);
        return { prediction, plane: prediction.plane, gate: { source: "none", mm3: Math.round(prediction.mm3) } };
      },
    };
  return {
    model,
    async predict(volume, mask, options, signal, finder) {
      const prediction = await predictVolume({ model, preprocess, outputs }, volume, mask, options, signal, finder);
      const gate = { source: prediction.gateSource, mm3: Math.round(prediction.gateMm3) };
      return { prediction, plane: prediction.plane, gate };
    },
  };
}
