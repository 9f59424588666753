import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { buildModel, detectInRows, detectionOptions, yoloOptions } from "../../src/models/index.ts";
import { trainOptions } from "../../src/train/options.ts";
import { lesionBit } from "../../src/train/slices.ts";
import { createState, disposeState } from "../../src/train/state.ts";
import { makeTrainStep } from "../../src/train/step.ts";
import { tasks } from "../../src/train/task.ts";

/** A training step of a detector, and a prediction. */
export function detect(): void {
  const side = 64;
  const options = trainOptions.parse({ task: "detect", optimizer: { kind: "sgd" } });
  const { anchors, ...rest } = yoloOptions.parse({ kind: "yolov5", width: 0.125 });
  const model = buildModel({ ...rest, anchors }, { inChannels: 1, outChannels: 1, seed: 1 });
  const state = createState(model, options);
  const masks = new Uint8Array(side * side).fill(lesionBit, 20 * side, 30 * side);
  const { shape, data } = tasks.detect.target([{ image: new Float32Array(side * side), masks }], {
    size: side,
    outputs: 1,
    anchors,
  });
  const [image, target] = [tf.zeros([1, side, side, 1]) as Tensor4D, tf.tensor4d(data, [...shape])];
  makeTrainStep(state, options)({ image, target }, 1).dataSync();
  const rows = tf.tidy(() => model.apply(image, { training: false }).dataSync()) as Float32Array;
  detectInRows(rows, { height: side, width: side, classes: 1, anchors }, detectionOptions.parse({}));
  tf.dispose([image, target]);
  disposeState(state);
  model.dispose();
}
