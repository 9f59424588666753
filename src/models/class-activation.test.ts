import { beforeAll, expect, test } from "vitest";
import { seeded, worst } from "../../test/helpers/seeded.ts";
import { type Tensor2D, type Tensor4D, tf } from "../backend/tf.ts";
import { classActivation } from "./class-activation.ts";
import { buildMiniResNet, miniresnetOptions } from "./miniresnet.ts";

beforeAll(async () => void (await tf.setBackend("cpu")));

const model = buildMiniResNet(miniresnetOptions.parse({ kind: "miniresnet", widths: [3, 5, 7] }), {
  inChannels: 1,
  outChannels: 3,
  seed: 4,
});
const image = () => tf.tensor4d(seeded("image", [2, 20, 24, 1]).data, [2, 20, 24, 1]);

/** The published formulas with gradients by automatic differentiation of what follows the maps. */
function byGradient(x: Tensor4D, output: number, plusPlus: boolean): Float32Array {
  const maps = model.maps(x, { training: false });
  const [w, b] = [model.weights.get("fc.weight")!, model.weights.get("fc.bias")!];
  const logit = (of: Tensor4D) => {
    const logits = tf.add(tf.matMul(tf.mean(of, [1, 2]) as Tensor2D, w as unknown as Tensor2D), b);
    return tf.sum(tf.slice(logits, [0, output], [-1, 1]));
  };
  const g = tf.grad((of) => logit(of as Tensor4D))(maps) as Tensor4D;
  if (!plusPlus) return tf.relu(tf.sum(tf.mul(maps, tf.sum(g, [1, 2], true)), 3)).dataSync() as Float32Array; // sum, not mean: in logits
  const alpha = tf.div(tf.square(g), tf.add(tf.mul(2, tf.square(g)), tf.mul(tf.sum(maps, [1, 2], true), tf.pow(g, 3))));
  const weights = tf.sum(tf.mul(alpha, tf.relu(g)), [1, 2], true);
  return tf.relu(tf.sum(tf.mul(maps, weights), 3)).dataSync() as Float32Array;
}

test.each([0, 1, 2])("Grad-CAM of logit %i is what its formula gives with gradients of the network", (output) => {
  const heat = classActivation(model, image(), output, "grad-cam");
  expect(heat.shape).toEqual([2, 5, 6]);
  expect(worst(heat.dataSync(), byGradient(image(), output, false))).toBeLessThan(1e-6);
});

test.each([0, 1, 2])("so is Grad-CAM++ of logit %i", (output) => {
  const heat = classActivation(model, image(), output, "grad-cam++").dataSync();
  expect(worst(heat, byGradient(image(), output, true))).toBeLessThan(1e-6);
});

test("where every map speaks for the class, the mean of Grad-CAM is the logit less the bias", () => {
  const names = [...model.weights.keys()];
  const weights = new Map(
    names.map((name) => [name, name === "fc.weight" ? tf.abs(model.weights.get(name)!) : model.weights.get(name)!]),
  );
  const positive = { maps: model.maps, weights } as unknown as typeof model;
  const mean = tf.mean(classActivation(positive, image(), 1, "grad-cam"), [1, 2]).dataSync();
  const logits = (model.apply(image(), { training: false, weights }).arraySync() as number[][]).map((row) => row[1]!);
  const bias = model.weights.get("fc.bias")!.dataSync()[1]!;
  logits.forEach((logit, i) => void expect(mean[i]).toBeCloseTo(logit - bias, 5));
});
