import type { Tensor, Tensor1D, Tensor2D, Tensor4D, Tensor5D, Variable } from "../backend/tf.ts";
import type { Pretext } from "./pretrain.ts";

/** Mean and variance of one batch at one batch normalisation, for the running statistics. */
export interface BatchStatistics {
  /** Name of the layer: its variables are `<layer>.running_mean` and `<layer>.running_var`. */
  readonly layer: string;
  readonly mean: Tensor1D;
  /** Biased: divided by `count`. */
  readonly variance: Tensor1D;
  /** Values that each mean was taken over: batch x height x width. */
  readonly count: number;
}

/** How a model is applied. */
export interface ApplyMode {
  /** True: normalise with the statistics of this batch. False: with the running statistics. */
  readonly training: boolean;
  /**
   * Gets the statistics of each batch normalisation in training, in the order of the forward pass. The tensors outlive every tidy and are
   * the receiver's to dispose of, and it decides what becomes of the running statistics.
   */
  readonly record?: (statistics: BatchStatistics) => void;
  /** What dropout draws from: as many whole numbers in [0, 4096) as `maskKeys`, new ones at each step. Needed where a model in training drops. */
  readonly keys?: Tensor1D;
  /** Used in place of the model's own variables, by the same names and shapes. */
  readonly weights?: ReadonlyMap<string, Tensor>;
}

/** Named variables of a network. */
export interface Weights {
  readonly kind: string;
  /** Every variable by its PyTorch-like name, in the order of the forward pass, running statistics included. */
  readonly weights: ReadonlyMap<string, Variable>;
  /** The names that the optimizer moves. */
  readonly trainable: readonly string[];
  /** Height and width of an input must be multiples of this. */
  readonly sizeMultiple: number;
  /** Share of a new batch in the running statistics of batch normalisation; PyTorch's .1 where it is absent. */
  readonly normMomentum?: number;
  /** Frees the variables. */
  dispose(): void;
}

/** A network over named variables. Applying it changes nothing: running statistics are the training step's business. */
export interface Network<Output extends Tensor> extends Weights {
  /** @param x - NHWC, float32. */
  apply(x: Tensor4D, mode: ApplyMode): Output;
}

/** A network that tells something of a set of images at once: the regions of a case, the slices of a stack. */
export interface ImageSetNetwork<Output> extends Weights {
  /**
   * @param x - Sets x images x height x width x channels.
   * @param real - Sets x images: 1, or 0 for an image that is not there.
   */
  apply(x: Tensor5D, real: Tensor2D, mode: ApplyMode): Output;
}

/** What a network tells of bags of images. */
export interface BagOutput {
  /** Bags x classes. */
  readonly logits: Tensor2D;
  /** Bags x images: the share of each image in its bag, at least 0; sums to 1 over the real images and is 0 for the others. */
  readonly attention: Tensor2D;
}

/**
 * A network that training and prediction know. Its output has four axes, and holds logits (no sigmoid, no softmax) unless said otherwise: of a segmenter N x H x W x outputs;
 * of a classifier N x 1 x 1 x classes; of bags N x 1 x 1 x 2, which `pool` makes one of each bag; of sets cases x 1 x 1 x classes; of a detector N x 1 x candidates x (5 + classes); of an autoencoder the images themselves;
 * in pretraining what the pretext asks for.
 */
export interface Model extends Network<Tensor4D> {
  /** Where coarser levels are trained as well: logits at the input's size, at half of it, and so on. */
  readonly applyDeep?: (x: Tensor4D, mode: ApplyMode) => Tensor4D[];
  /** Of a classifier, see {@link Classifier}. */
  readonly maps?: Classifier["maps"];
  /** Of a network of bags: what it gives for the images of some bags, as many for each and one bag after the other, made into one logit a bag. */
  readonly pool?: (images: Tensor4D, bags: number) => BagOutput;
}

/** A classifier of whole images: gives N x classes logits (no softmax). */
export interface Classifier extends Network<Tensor2D> {
  /** The maps whose means over the image the last layer, `fc`, makes logits of: N x h x w x features. */
  readonly maps: (x: Tensor4D, mode: ApplyMode) => Tensor4D;
}

/** What a builder needs besides the options of its architecture. */
export interface ModelShape {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Decides the initial weights, each by its name. */
  readonly seed: number;
  /** What stands on the encoder in place of the model's own end, while it is pretrained. */
  readonly pretext?: Pretext;
}

/** A weight as plain numbers, row-major. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
