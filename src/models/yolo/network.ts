import { type Tensor4D, tf } from "../../backend/tf.ts";
import { conv2d } from "../layers/conv.ts";
import type { Scope } from "../layers/scope.ts";
import type { ApplyMode, ModelShape, Network } from "../model.ts";
import { createWeights, disposeWeights, trainableNames, type WeightSpec } from "../weights.ts";
import {
  c3,
  c3Weights,
  convolution,
  convolutionWeights,
  doubleNearest,
  sppf,
  sppfWeights,
  uniformConv,
  yoloNorm,
} from "./blocks.ts";
import { channelsOf, headInputs, headModule, headNumbers, modulesOf, type YoloOptions, yoloStrides } from "./design.ts";

/** One raw map for each level: N x H/stride x W/stride x 3 (5 + classes), logits; the numbers of an anchor lie together. */
export type RawMaps = [Tensor4D, Tensor4D, Tensor4D];

/** A network that gives raw maps of boxes. */
export interface Detector extends Omit<Network<Tensor4D>, "apply"> {
  readonly options: YoloOptions;
  readonly classes: number;
  readonly normMomentum: number;
  /** @param x - N x H x W x channels, float32. @throws {RangeError} Unless H and W are multiples of 32. */
  apply(x: Tensor4D, mode: ApplyMode): RawMaps;
}

/**
 * YOLOv5 of versions 6 and 7 under its names, sizes by depth and width. Boxes come out of {@link decodeMaps}.
 *
 * @param shape - `outChannels` is the number of classes.
 *
 * Source: as {@link modulesOf}. A head starts where few boxes are expected, as RetinaNet's: Lin et al. 2017, doi:10.1109/ICCV.2017.324.
 */
export function buildYolo(options: YoloOptions, shape: ModelShape): Detector {
  const specs = yoloWeights(options, shape);
  const weights = createWeights(specs, shape.seed);
  expectFewBoxes(weights, shape.outChannels);
  return {
    kind: options.kind,
    options,
    classes: shape.outChannels,
    normMomentum: yoloNorm.momentum,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: coarsest,
    apply: (x, mode) => tf.tidy(() => yolo({ weights: mode.weights ?? weights, mode }, options, x)) as RawMaps,
    dispose: () => disposeWeights(weights),
  };
}

/** Every weight of {@link buildYolo} in the order of the forward pass. */
export function yoloWeights(
  options: Pick<YoloOptions, "depth" | "width">,
  { inChannels, outChannels }: Omit<ModelShape, "seed">,
): WeightSpec[] {
  const modules = modulesOf(options);
  const channels = channelsOf(modules);
  const own = modules.flatMap((module, i) => {
    const [name, inside] = [`model.${i}`, channels[i - 1] ?? inChannels];
    if (module.op === "convolution") return convolutionWeights(name, inside, module.channels, module.kernel);
    if (module.op === "c3") return c3Weights(name, inside, module.channels, module.blocks);
    return module.op === "sppf" ? sppfWeights(name, inside, module.channels) : [];
  });
  const outputs = 3 * headNumbers(outChannels);
  return [...own, ...headInputs.flatMap((from, i) => uniformConv(headName(i), channels[from]!, outputs, 1, true))];
}

const coarsest = yoloStrides[2];

const headName = (level: number) => `model.${headModule}.m.${level}`;

function yolo(scope: Scope, options: YoloOptions, image: Tensor4D): Tensor4D[] {
  const [, height, width] = image.shape;
  if (height % coarsest !== 0 || width % coarsest !== 0)
    throw new RangeError(`yolo: height and width must be multiples of ${coarsest}; got ${height} x ${width}`);
  const results: Tensor4D[] = [];
  let x = image;
  for (const [i, module] of modulesOf(options).entries()) {
    const name = `model.${i}`;
    if (module.op === "convolution") x = convolution(scope, name, x, module.stride);
    else if (module.op === "c3") x = c3(scope, name, x, module.blocks, module.isResidual);
    else if (module.op === "sppf") x = sppf(scope, name, x);
    else if (module.op === "double") x = doubleNearest(x);
    else x = tf.concat([x, results[module.from]!], 3);
    results.push(x);
  }
  return headInputs.map((from, level) => conv2d(scope, headName(level), results[from]!));
}

/**
 * Sets the head's biases so that a new network expects 8 objects in a picture of 640 pixels a side, and each class in .6 of `classes` of them.
 * The numbers are YOLOv5's.
 */
function expectFewBoxes(weights: ReturnType<typeof createWeights>, classes: number): void {
  for (const [level, stride] of yoloStrides.entries()) {
    const bias = weights.get(`${headName(level)}.bias`)!;
    const prior = Array.from({ length: 3 * headNumbers(classes) }, (_, i) => {
      const number = i % headNumbers(classes);
      if (number < 4) return 0;
      return number === 4 ? Math.log(8 / (640 / stride) ** 2) : Math.log(0.6 / Math.max(classes - 0.99999, 1e-5));
    });
    tf.tidy(() => bias.assign(tf.add(bias, tf.tensor1d(prior))));
  }
}
