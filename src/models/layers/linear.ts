import { type Tensor1D, type Tensor2D, tf } from "../../backend/tf.ts";
import type { WeightSpec } from "../weights.ts";
import { type Scope, weight } from "./scope.ts";

/** The weights of {@link linear}: in x out, and a bias. Both start uniform in ±1 / sqrt(in), as PyTorch's `Linear`. */
export function linearWeights(name: string, inputs: number, outputs: number): WeightSpec[] {
  const initial = { uniform: { bound: 1 / Math.sqrt(inputs) } };
  return [
    { name: `${name}.weight`, shape: [inputs, outputs], initial, trainable: true },
    { name: `${name}.bias`, shape: [outputs], initial, trainable: true },
  ];
}

/** `x` times a matrix plus a bias, N x in → N x out. As PyTorch's `Linear` with its weight transposed. */
export function linear(scope: Scope, name: string, x: Tensor2D): Tensor2D {
  const y = tf.matMul(x, weight<Tensor2D>(scope, `${name}.weight`));
  return tf.add(y, weight<Tensor1D>(scope, `${name}.bias`));
}
