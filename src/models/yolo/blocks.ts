import { whole } from "../../backend/forward.ts";
import { silu } from "../../backend/ops.ts";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import { conv2dWeights } from "../layers/conv.ts";
import { batchNormWeights, convNorm } from "../layers/norm.ts";
import type { Scope } from "../layers/scope.ts";
import type { WeightSpec } from "../weights.ts";

/** What YOLOv5's batch normalisation adds to a variance, and the share of a new batch in its running statistics. */
export const yoloNorm = { epsilon: 1e-3, momentum: 0.03 } as const;

/** A kernel that starts as PyTorch's `Conv2d` does, uniform in ±1 / sqrt(fan-in), and the bias likewise. */
export function uniformConv(name: string, inside: number, outside: number, kernel: number, bias: boolean): WeightSpec[] {
  const initial = { uniform: { bound: 1 / (kernel * Math.sqrt(inside)) } };
  return conv2dWeights(name, inside, outside, kernel, bias).map((spec) => ({ ...spec, initial }));
}

/** The weights of {@link convolution}. */
export function convolutionWeights(name: string, inside: number, outside: number, kernel: number): WeightSpec[] {
  return [...uniformConv(`${name}.conv`, inside, outside, kernel, false), ...batchNormWeights(`${name}.bn`, outside)];
}

/** Convolution without bias, batch normalisation, SiLU. */
export function convolution(scope: Scope, name: string, x: Tensor4D, stride = 1): Tensor4D {
  return silu(convNorm(scope, `${name}.conv`, `${name}.bn`, x, stride, yoloNorm.epsilon));
}

/** The weights of {@link c3}. */
export function c3Weights(name: string, inside: number, outside: number, blocks: number): WeightSpec[] {
  const narrow = outside >> 1;
  return [
    ...convolutionWeights(`${name}.cv1`, inside, narrow, 1),
    ...Array.from({ length: blocks }, (_, i) => [
      ...convolutionWeights(`${name}.m.${i}.cv1`, narrow, narrow, 1),
      ...convolutionWeights(`${name}.m.${i}.cv2`, narrow, narrow, 3),
    ]).flat(),
    ...convolutionWeights(`${name}.cv2`, inside, narrow, 1),
    ...convolutionWeights(`${name}.cv3`, 2 * narrow, outside, 1),
  ];
}

/** Cross-stage partial block: half of the feature maps pass through bottlenecks, half pass by, and a 1 x 1 convolution mixes them. */
export function c3(scope: Scope, name: string, x: Tensor4D, blocks: number, isResidual: boolean): Tensor4D {
  let through = convolution(scope, `${name}.cv1`, x);
  for (let i = 0; i < blocks; i++) {
    const inner = `${name}.m.${i}`;
    const y = convolution(scope, `${inner}.cv2`, convolution(scope, `${inner}.cv1`, through));
    through = isResidual ? tf.add(through, y) : y;
  }
  return convolution(scope, `${name}.cv3`, tf.concat([through, convolution(scope, `${name}.cv2`, x)], 3));
}

/** The weights of {@link sppf}. */
export function sppfWeights(name: string, inside: number, outside: number): WeightSpec[] {
  const narrow = inside >> 1;
  return [...convolutionWeights(`${name}.cv1`, inside, narrow, 1), ...convolutionWeights(`${name}.cv2`, 4 * narrow, outside, 1)];
}

/**
 * Spatial pyramid pooling, fast: maxima over 5, 9 and 13 pixels as three poolings over 5, one after the other, beside the maps themselves.
 * Source: He et al. 2014, doi:10.1007/978-3-319-10578-9_23.
 */
export function sppf(scope: Scope, name: string, x: Tensor4D): Tensor4D {
  const pyramid = [convolution(scope, `${name}.cv1`, x)];
  for (let i = 0; i < 3; i++) pyramid.push(tf.maxPool(pyramid[i]!, 5, 1, "same"));
  return convolution(scope, `${name}.cv2`, tf.concat(pyramid, 3));
}

/** Doubles height and width, each pixel four times: joining and reshaping alone, whose gradients every backend has and adds up in one order. */
export function doubleNearest(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return whole("DoubleNearest", { x }, {}, () => {
    const wide = tf.reshape(tf.concat([x, x], 3), [batch, height, 2 * width * channels]);
    return tf.reshape(tf.concat([wide, wide], 2), [batch, 2 * height, 2 * width, channels]) as Tensor4D;
  });
}
