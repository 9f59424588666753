import type { ModelFile } from "../data/model-folder.ts";
import { bagOutputs, denoisedOutputs, tissueOutputs } from "../models/index.ts";
import type { ModelFormat } from "./options.ts";

/** Thresholds that the model's own evaluation chose on its validation split; null where it chose none. Scores are logits, the mask's is a probability. */
export interface Thresholds {
  readonly slice: number | null;
  readonly stack: number | null;
  readonly subject: number | null;
  readonly mask: number | null;
}

/** What a card says beyond the model's own file. */
interface Described {
  readonly format: ModelFormat;
  /** Height and width of an input are multiples of it, pixels. */
  readonly sizeMultiple: number;
  /** Images that the network takes together; null where each stands by itself. */
  readonly setOf: number | null;
  readonly version: string;
}

/** What travels with an exported model: all that its user has to know, as plain JSON. */
export function describeModel(
  file: ModelFile,
  { format, sizeMultiple, setOf, version }: Described,
  thresholds: Thresholds | null,
) {
  const { pixelMm, orientation, window, whitePercentile, clip } = file.preprocess;
  const channelsFirst = format === "onnx";
  const maps = file.window === undefined ? ["height", "width"] : [];
  return {
    schemaVersion: 1,
    madeBy: `hemosynth ${version}`,
    use: "research only, not for clinical use; figures on synthetic lesions are no clinical performance",
    model: file.model,
    input: {
      name: "image",
      axes: channelsFirst ? ["batch", "channel", "height", "width"] : ["batch", "height", "width", "channel"],
      channels: file.inChannels,
      sizeMultiple,
      window: file.window ?? null,
      ...(setOf === null ? {} : { setOf }),
    },
    preprocessing: {
      pixelMm,
      orientation,
      intensity: window === null ? { whitePercentile, clip } : { window },
      rules: [...preprocessingRules(file, sizeMultiple), ...(setOf === null ? [] : [setRule(setOf)])],
    },
    output: {
      name: "logits",
      axes: channelsFirst ? ["batch", "channel", ...maps] : ["batch", ...maps, "channel"],
      channels: file.outputs,
      meaning: meaningOf(file),
    },
    thresholds,
    training: { steps: file.steps, seed: file.seed, data: file.data, weights: file.weights.sha256, validation: file.validation },
  };
}

/** What is to be done to an image before the network sees it, step by step. */
function preprocessingRules({ preprocess, window: side }: ModelFile, sizeMultiple: number): string[] {
  const { pixelMm, orientation, window, whitePercentile, clip } = preprocess;
  return [
    `resample each slice in its plane to pixels of ${pixelMm} mm`,
    orientation === "canonical"
      ? "turn it by the header: patient left to image right; anterior (axial) or superior (coronal, sagittal) up; anterior to image left (sagittal)"
      : "leave it as the array has it: first axis to the right, second down",
    window === null
      ? `over the finite voxels of the whole volume that are not 0: white is the ${whitePercentile}th percentile, black the 1st but at most 0`
      : `black is ${window[0]} and white ${window[1]}, in the image's own unit`,
    `intensity is (value - black) / (white - black), cut to [0, ${window === null ? clip : 1}]; what is not finite is 0`,
    side === undefined
      ? `pad with zeros to multiples of ${sizeMultiple} pixels`
      : `take the middle ${side} x ${side} pixels, zeros beyond the border`,
  ];
}

function setRule(images: number): string {
  return `put the ${images} images of each set one after the other, in their order; one that is all 0 counts as missing`;
}

/** What the numbers that come out are. */
function meaningOf({ task, outputs }: Pick<ModelFile, "task" | "outputs">): string {
  const is = (names: readonly string[]) => names.join() === outputs.join();
  if (is(tissueOutputs) || task === "classes" || task === "crops") return "logits of one softmax over the channels";
  if (is(denoisedOutputs))
    return "intensity of the image without its noise, 1 is white; its absolute difference to the image is the anomaly map";
  if (is(bagOutputs)) return "of each image its logit and the score that decides its share of a bag";
  return "logits; 1 / (1 + exp(-logit)) is a probability";
}

export type ModelCard = ReturnType<typeof describeModel>;
