import { type Tensor2D, type Tensor3D, tf } from "../../backend/tf.ts";
import type { WeightSpec } from "../weights.ts";
import { linear, linearWeights } from "./linear.ts";
import { type Scope, weight } from "./scope.ts";

/** The weights of {@link attentionPool}: two branches of `hidden` features each, and the score made of their product. */
export function attentionWeights(name: string, features: number, hidden: number): WeightSpec[] {
  return [
    ...linearWeights(`${name}.value`, features, hidden),
    ...linearWeights(`${name}.gate`, features, hidden),
    ...linearWeights(`${name}.score`, hidden, 1).slice(0, 1), // softmax takes out whatever a bias adds
  ];
}

/** What {@link attentionPool} gives. */
export interface AttentionPooled {
  /** Bags x features: the weighted mean of each bag's instances. */
  readonly pooled: Tensor2D;
  /** Bags x instances, at least 0; sums to 1 over the real instances of a bag and is 0 for the others. */
  readonly attention: Tensor2D;
}

/**
 * Pools the instances of each bag by gated attention: softmax over the bag of `w · (tanh(V h) * sigmoid(U h))`; `V` and `U` have a bias, as in the authors' code.
 *
 * @param x - Bags x instances x features.
 * @param real - Bags x instances, 1 for an instance and 0 for what fills a bag up; without it all are real. A bag needs one at least.
 *
 * Source: Ilse et al. 2018, arXiv:1802.04712, equations 7 and 9; github.com/AMLab-Amsterdam/AttentionDeepMIL.
 */
export function attentionPool(scope: Scope, name: string, x: Tensor3D, real?: Tensor2D): AttentionPooled {
  const [bags, instances, features] = x.shape;
  const flat = tf.reshape(x, [bags * instances, features]) as Tensor2D;
  const scores = tf.reshape(attentionScores(scope, name, flat), [bags, instances]);
  // Far below any score, and finite: a difference of infinities would be NaN.
  const kept = real === undefined ? scores : tf.add(scores, tf.mul(tf.sub(real, 1), 1e9));
  const attention = tf.softmax(kept) as Tensor2D;
  return weightedMean(x, attention);
}

/** What the softmax of {@link attentionPool} is taken over: instances x features to instances x 1, each by itself. */
export function attentionScores(scope: Scope, name: string, x: Tensor2D): Tensor2D {
  const value = tf.tanh(linear(scope, `${name}.value`, x));
  const gate = tf.sigmoid(linear(scope, `${name}.gate`, x));
  return tf.matMul(tf.mul(value, gate), weight<Tensor2D>(scope, `${name}.score.weight`));
}

/** The mean of each bag's instances by given shares, bags x instances, that sum to 1. */
export function weightedMean(x: Tensor3D, attention: Tensor2D): AttentionPooled {
  const [bags, instances, features] = x.shape;
  const pooled = tf.reshape(tf.matMul(tf.reshape(attention, [bags, 1, instances]), x), [bags, features]);
  return { pooled: pooled as Tensor2D, attention };
}
