import { type Tensor, type Tensor4D, tf } from "../../src/backend/tf.ts";
import { decodeMaps } from "../../src/models/yolo/decode.ts";
import { yoloOptions } from "../../src/models/yolo/design.ts";
import { buildYolo } from "../../src/models/yolo/network.ts";
import { assignTargets } from "../../src/train/detect/assign.ts";
import { detectionLoss, detectionLossOptions, uploadTargets } from "../../src/train/detect/loss.ts";

/** Gradients of a detector's loss, and a prediction. */
export function detect(): void {
  const options = yoloOptions.parse({ kind: "yolov5", width: 0.125 });
  const [classes, side] = [2, 64];
  const model = buildYolo(options, { inChannels: 1, outChannels: classes, seed: 1 });
  const pictures = [[{ box: { left: 9, top: 12, right: 40, bottom: 33 }, label: 1 }]];
  const { anchors } = options;
  const places = { width: side, height: side, anchors, classes, places: 9, anchorRatio: 4 };
  const targets = uploadTargets(assignTargets(pictures, places), classes);
  const x = tf.zeros([1, side, side, 1]) as Tensor4D;
  const loss = (...values: Tensor[]) => {
    const weights = new Map([...model.weights, ...model.trainable.map((name, i) => [name, values[i]!] as const)]);
    return detectionLoss(model.apply(x, { training: true, weights }), targets, classes, detectionLossOptions.parse({}));
  };
  tf.dispose(tf.grads(loss)(model.trainable.map((name) => model.weights.get(name)!)));
  tf.tidy(() => decodeMaps(model.apply(x, { training: false }), options, classes).scores.dataSync());
  tf.dispose([x, ...targets.flatMap(({ cells, numbers }) => [cells, numbers])]);
  model.dispose();
}
