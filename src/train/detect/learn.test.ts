import { expect, test } from "vitest";
import { usable } from "../../../test/helpers/torch-cases.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../../backend/tf.ts";
import { traced } from "../../backend/traced/index.ts";
import { rectangleIou } from "../../core/rectangle.ts";
import { between, type Rng, seededRng } from "../../core/rng.ts";
import type { BatchStatistics } from "../../models/model.ts";
import { decodeMaps } from "../../models/yolo/decode.ts";
import { yoloOptions } from "../../models/yolo/design.ts";
import { buildYolo } from "../../models/yolo/network.ts";
import { detectionOptions, detectionsOf } from "../../models/yolo/suppress.ts";
import { assignTargets, type BoxTarget } from "./assign.ts";
import { detectionLoss, uploadTargets } from "./loss.ts";
import { detectionLossOptions } from "./options.ts";

const [side, batch, classes] = [64, 4, 2];

/** A bright and a dark rectangle on grey noise. */
function drawPicture(rng: Rng): { pixels: Float32Array; boxes: BoxTarget[] } {
  const pixels = Float32Array.from({ length: side * side }, () => 0.5 + 0.05 * rng.normal());
  const boxes = [0, 1].map((label): BoxTarget => {
    const [w, h] = [0, 1].map(() => Math.round(between(rng, [10, 26]))) as [number, number];
    const left = 32 * label + rng.below(32 - w + 1);
    const top = rng.below(side - h + 1);
    for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) pixels[x + side * y] = label === 0 ? 1 : 0;
    return { box: { left, top, right: left + w, bottom: top + h }, label };
  });
  return { pixels, boxes };
}

// The whole way in one traced step: maps, loss, gradients, running statistics. Then boxes out of new pictures.
test("a small detector learns to find rectangles in pictures that it has not seen, in one traced step of one shape", async (context) => {
  if (!(await usable("tensorflow"))) return context.skip();
  const options = yoloOptions.parse({ kind: "yolov5", width: 0.125, anchors: [[[10, 10], [10, 18], [18, 10]], [[18, 18], [18, 26], [26, 18]], [[26, 26], [40, 40], [60, 60]]] }); // biome-ignore format: one line
  const model = buildYolo(options, { inChannels: 1, outChannels: classes, seed: 1 });
  const names = [...model.weights.keys()];
  const lossOptions = detectionLossOptions.parse({ classGain: 20, objectGain: 40 }); // as if the picture were larger and the classes many
  const move = traced(([x, rate, ...rest]) => {
    const targets = [0, 1, 2].map((i) => ({ cells: rest[2 * i] as Tensor1D, numbers: rest[2 * i + 1] as Tensor2D }));
    const now = new Map(names.map((name, i) => [name, rest[6 + i]!]));
    const momentum = rest.slice(6 + names.length);
    const records: BatchStatistics[] = [];
    const { value, grads } = tf.valueAndGrads((...values: Tensor[]) => {
      const weights = new Map([...now, ...model.trainable.map((name, i) => [name, values[i]!] as const)]);
      const mode = { training: true, weights, record: (of: BatchStatistics) => void records.push(of) };
      return detectionLoss(model.apply(x as Tensor4D, mode), targets, classes, lossOptions);
    })(model.trainable.map((name) => now.get(name)!));
    const next = grads.map((gradient, i) => tf.add(tf.mul(momentum[i]!, 0.9), gradient));
    for (const [i, name] of model.trainable.entries()) now.set(name, tf.sub(now.get(name)!, tf.mul(next[i]!, rate!)));
    for (const { layer, mean, variance } of records)
      for (const [name, of] of [[`${layer}.running_mean`, mean], [`${layer}.running_var`, variance]] as const) // biome-ignore format: one line
        now.set(name, tf.add(tf.mul(now.get(name)!, 1 - model.normMomentum), tf.mul(of, model.normMomentum)));
    tf.dispose(records.flatMap(({ mean, variance }) => [mean, variance]));
    return [value, ...names.map((name) => now.get(name)!), ...next];
  });
  let momentum: Tensor[] = model.trainable.map((name) => tf.zerosLike(model.weights.get(name)!));
  const losses: number[] = [];
  const rng = seededRng(11);
  const assigning = { width: side, height: side, anchors: options.anchors, classes, places: 9 * 2 * batch, anchorRatio: 4 };
  let tensors = 0;
  for (let step = 0; step < 150; step++) {
    const pictures = Array.from({ length: batch }, (_, i) => drawPicture(rng.fork(step).fork(i)));
    const x = tf.tensor4d(Float32Array.from(pictures.flatMap(({ pixels }) => [...pixels])), [batch, side, side, 1]);
    const targets = uploadTargets(assignTargets(pictures.map(({ boxes }) => boxes), assigning), classes); // biome-ignore format: one line
    const rate = tf.scalar(step < 115 ? 0.015 : 0.003);
    const given = [x, rate, ...targets.flatMap(({ cells, numbers }) => [cells, numbers])];
    const [loss, ...next] = move([...given, ...model.weights.values(), ...momentum]);
    for (const [i, name] of names.entries()) model.weights.get(name)!.assign(next[i]!);
    losses.push(loss!.dataSync()[0]!);
    tf.dispose([given, loss!, next.slice(0, names.length), momentum]);
    momentum = next.slice(names.length);
    if (step === 1) tensors = tf.memory().numTensors;
  }
  expect(tf.memory().numTensors).toBe(tensors);
  expect(losses.slice(-20).reduce((a, b) => a + b) / losses.slice(0, 20).reduce((a, b) => a + b)).toBeLessThan(0.5);
  let found = 0;
  for (let i = 0; i < 20; i++) {
    const { pixels, boxes } = drawPicture(seededRng(99).fork(i));
    const maps = model.apply(tf.tensor4d(pixels, [1, side, side, 1]), { training: false });
    const decoded = decodeMaps(maps, options, classes);
    const detections = detectionsOf(
      decoded.boxes.dataSync(),
      decoded.scores.dataSync(),
      classes,
      detectionOptions.parse({ scoreThreshold: 0.2 }),
    );
    found += boxes.filter((of) =>
      detections.some(({ box, label }) => label === of.label && rectangleIou(box, of.box) > 0.5),
    ).length;
  }
  expect(found).toBeGreaterThan(24); // of 40
  move.dispose();
});
