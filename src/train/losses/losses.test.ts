import { expect, test } from "vitest";
import { type Inputs, testTorchCases } from "../../../test/helpers/torch-cases.ts";
import { type Tensor, type Tensor2D, type Tensor4D, tf } from "../../backend/tf.ts";
import { bleedLoss, segmentationLoss, softDice, tissueLoss } from "../losses.ts";
import { lossOptions } from "../options.ts";
import { completeIouLoss } from "./boxes.ts";
import { classLoss, presenceLoss } from "./classes.ts";
import { infoNce, localInfoNce, vicReg } from "./embeddings.ts";
import { focalLoss, meanSquaredError, tverskyLoss, weightedCrossEntropy } from "./pixels.ts";

const truth = ({ truth }: Inputs) => tf.cast(tf.greater(truth!, 0), "float32") as Tensor4D;
const focal = (alpha: number | null, gamma: number) => (inputs: Inputs) => focalLoss(inputs.logits!, truth(inputs), gamma, alpha);
const tversky = (falsePositive: number, falseNegative: number, smoothing: number) => (inputs: Inputs) =>
  tverskyLoss(inputs.probability as Tensor4D, truth(inputs), { falsePositive, falseNegative, smoothing });
const views = (loss: (a: Tensor2D, b: Tensor2D) => Tensor) => (inputs: Inputs) =>
  loss(inputs.first as Tensor2D, inputs.second as Tensor2D);
const corners = (x: Tensor) => {
  const [low, size] = tf.split(x, 2, 1) as [Tensor, Tensor];
  return tf.concat([low, tf.add(tf.add(low, 0.5), tf.abs(size))], 1) as Tensor2D;
};

/** Two channels; the first slice has no lesion. */
const lesionTarget = (inputs: Inputs) => {
  const keeps = tf.tensor4d([0, 1, 1, 1], [2, 1, 1, 2]);
  return tf.mul(truth(inputs), keeps) as Tensor4D;
};
const spahr = lossOptions.parse({ crossEntropy: 0, diceOver: "slice", dicePower: 2, smoothing: 1, emptySliceWeight: 0.2 });
const mixture = lossOptions.parse({
  dice: 0.3,
  crossEntropy: 0.7,
  lesionPixelWeight: 5,
  focal: { weight: 2, gamma: 3, alpha: 0.75 },
  tversky: { weight: 1.5, falsePositive: 0.2, falseNegative: 0.8 },
  brainLossWeight: 0.25,
});

/** One 1 a row, at the highest number, times the weight of its class. */
const weightedTruth = ({ truth }: Inputs) => {
  const highest = tf.cast(tf.greaterEqual(truth!, tf.max(truth!, -1, true)), "float32");
  return tf.mul(highest, tf.tensor1d([0.25, 2, 1])) as Tensor4D;
};

testTorchCases("losses.json", {
  "class loss, weighted": (inputs) => classLoss(inputs.logits as Tensor4D, weightedTruth(inputs)),
  "presence loss": (inputs) =>
    presenceLoss(inputs.logits as Tensor4D, truth(inputs), lossOptions.parse({ lesionPixelWeight: 3 })),
  focal: focal(0.25, 2),
  "focal, unweighted": focal(null, 1.5),
  "focal, gamma 0": focal(0.6, 0),
  Tversky: tversky(0.3, 0.7, 1),
  "Tversky, no smoothing": tversky(0.9, 0.2, 0),
  "weighted cross-entropy": (inputs) => {
    const target = tf.oneHot(tf.argMax(inputs.truth!, 3), 3);
    return weightedCrossEntropy(inputs.logits!, target, tf.tensor1d([0.25, 2, 1]));
  },
  "mean squared error": views(meanSquaredError),
  InfoNCE: views((a, b) => infoNce(a, b, 0.1)),
  "InfoNCE, one side": views((a, b) => infoNce(a, b, 1)),
  "InfoNCE, local": ({ first, second }) => localInfoNce(first as Tensor4D, second as Tensor4D, 0.2),
  VICReg: views((a, b) => vicReg(a, b)),
  "VICReg, wide": views((a, b) => vicReg(a, b)),
  "lesion loss, Spahr's Dice": (inputs) => segmentationLoss(inputs.logits as Tensor4D, lesionTarget(inputs), spahr),
  "lesion loss, all parts": (inputs) => segmentationLoss(inputs.logits as Tensor4D, lesionTarget(inputs), mixture),
  "tissue loss, all parts": ({ logits, truth }) => {
    const options = { focal: { weight: 2, gamma: 1.5 }, tversky: { weight: 0.5 } };
    const target = tf.cast(tf.oneHot(tf.argMax(truth!, 3), 3), "float32") as Tensor4D;
    return tissueLoss(logits as Tensor4D, target, lossOptions.parse(options));
  },
  "bleed loss": (inputs) => {
    const options = { lesionPixelWeight: 4, focal: { weight: 0.5, alpha: 0.25 } };
    return bleedLoss(inputs.logits as Tensor4D, truth(inputs), lossOptions.parse(options));
  },
  "complete IoU": ({ predicted, target }) => completeIouLoss(corners(predicted!), corners(target!)),
});

test("focal loss stays finite for any logit, and so does its gradient", async () => {
  await tf.setBackend("cpu");
  const logits = tf.tensor1d([-1000, 1000, -1000, 1000, 0]);
  const target = tf.tensor1d([0, 1, 1, 0, 1]);
  const { value, grad } = tf.valueAndGrad((z: Tensor) => focalLoss(z, target, 2, 0.25))(logits);
  expect(value.dataSync()[0]).toBeCloseTo((0.25 * 1000 + 0.75 * 1000 + 0.25 * 0.25 * Math.LN2) / 5, 3);
  expect([...grad.dataSync()].every(Number.isFinite)).toBe(true);
});

test("Tversky with equal halves is soft Dice", async () => {
  await tf.setBackend("cpu");
  const probability = tf.randomUniform([2, 4, 4, 2], 0, 1, "float32", 1) as Tensor4D;
  const target = tf.cast(tf.greater(tf.randomUniform([2, 4, 4, 2], 0, 1, "float32", 2), 0.5), "float32") as Tensor4D;
  const dice = softDice(probability, target, lossOptions.parse({ smoothing: 3, diceOver: "batch" }));
  const same = tverskyLoss(probability, target, { falsePositive: 0.5, falseNegative: 0.5, smoothing: 1.5 });
  dice.dataSync().forEach((value, i) => {
    expect(same.dataSync()[i]).toBeCloseTo(value, 6);
  });
});

test("boxes that are one cost nothing, whatever their unit", async () => {
  await tf.setBackend("cpu");
  const box = tf.tensor2d([[0, 0, 3, 5], [-70, 20, 300, 90]]); // biome-ignore format: one row a box
  for (const value of completeIouLoss(box, box).dataSync()) expect(Math.abs(value)).toBeLessThan(1e-6);
});
