import { type Tensor2D, type Tensor4D, tf } from "../backend/tf.ts";
import { linear, linearWeights } from "./layers/linear.ts";
import type { Scope } from "./layers/scope.ts";
import type { ApplyMode, Classifier, ModelShape } from "./model.ts";
import { createWeights, disposeWeights, trainableNames, type WeightSpec } from "./weights.ts";

/** The part of a classifier that sees: whatever stands on it (classes, bags, regions, heads for pretraining) is told its weights by name. */
export interface Encoder {
  readonly specs: readonly WeightSpec[];
  /** Channels of its maps. */
  readonly features: number;
  /** How many pixels of an image, a side, make one of its maps. */
  readonly stride: number;
  /** From N x H x W x channels to feature maps, smaller. */
  encode(scope: Scope, x: Tensor4D): Tensor4D;
}

/** The mean of an encoder's maps over each image: N x features. */
export function imageFeatures(encoder: Encoder, scope: Scope, x: Tensor4D): Tensor2D {
  return tf.mean(encoder.encode(scope, x), [1, 2]) as Tensor2D;
}

/** An encoder, the mean over the image and one linear layer, `fc`. */
export function buildClassifier(kind: string, encoder: Encoder, shape: ModelShape): Classifier {
  const specs = classifierWeights(encoder, shape.outChannels);
  const weights = createWeights(specs, shape.seed);
  const scopeOf = (mode: ApplyMode): Scope => ({ weights: mode.weights ?? weights, mode });
  return {
    kind,
    weights,
    trainable: trainableNames(specs),
    sizeMultiple: 1,
    apply: (x, mode) => tf.tidy(() => linear(scopeOf(mode), "fc", imageFeatures(encoder, scopeOf(mode), x))),
    maps: (x, mode) => tf.tidy(() => encoder.encode(scopeOf(mode), x)),
    dispose: () => disposeWeights(weights),
  };
}

/** Every weight of {@link buildClassifier} in the order of the forward pass. */
export function classifierWeights({ specs, features }: Encoder, outChannels: number): WeightSpec[] {
  return [...specs, ...linearWeights("fc", features, outChannels)];
}
