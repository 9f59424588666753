import { expect, test } from "vitest";
import { usable } from "../../../test/helpers/torch-cases.ts";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import { buildYolo, type Detector, detectionOptions, type RawMaps, yoloOptions } from "../../models/index.ts";
import { detectorForInference } from "../../models/yolo/inference.ts";
import { cocoResults } from "./coco.ts";
import { detectObjects } from "./detect.ts";

const options = yoloOptions.parse({ kind: "yolov5", width: 0.125 });
const small = () => buildYolo(options, { inChannels: 3, outChannels: 2, seed: 4 });

/** A detector that sees one box of class 1 at stride 16, of the second anchor in cell (`column`, `row`), in its middle and of the anchor's size. */
function seesOne(model: Detector, column: number, row: number): Detector {
  return {
    ...model,
    apply(x) {
      const maps = [8, 16, 32].map((stride) => {
        const [rows, columns] = [x.shape[1] / stride, x.shape[2] / stride];
        const map = new Float32Array(rows * columns * 21).fill(-20);
        if (stride === 16) map.set([0, 0, 0, 0, 3, -20, 2], (row * columns + column) * 21 + 7);
        return tf.tensor4d(map, [1, rows, columns, 21]);
      });
      return maps as RawMaps;
    },
  };
}

test("a box comes back in pixels of the picture, cut at its border", async () => {
  await usable("cpu");
  const model = small();
  const before = tf.memory().numTensors;
  // 400 x 200 becomes 128 x 64, margins none: .32. The cell's middle is (40, 24), the anchor 62 x 45.
  const image = { data: new Float32Array(400 * 200), width: 400, height: 200 };
  const found = await detectObjects(seesOne(model, 2, 1), image, 128, detectionOptions.parse({ scoreThreshold: 0.5 }));
  expect(found).toHaveLength(1);
  const { box, score, label } = found[0]!;
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  expect([label, score]).toEqual([1, expect.closeTo(sigmoid(3) * sigmoid(2), 5)]);
  expect(box.left).toBeCloseTo((40 - 31) / 0.32, 3);
  expect(box.right).toBeCloseTo((40 + 31) / 0.32, 3);
  expect(box.top).toBeCloseTo((24 - 22.5) / 0.32, 3);
  expect(box.bottom).toBeCloseTo((24 + 22.5) / 0.32, 3);
  // 100 x 60 becomes 64 x 38 with 13 rows above it, of 64: what lies in the margin is cut.
  const narrow = { data: new Float32Array(100 * 60), width: 100, height: 60 };
  const [cut] = await detectObjects(seesOne(model, 0, 0), narrow, 64, detectionOptions.parse({}));
  expect(cut!.box).toEqual({
    left: 0,
    top: 0,
    right: expect.closeTo((8 + 31) / 0.64, 3),
    bottom: expect.closeTo(((8 + 22.5 - 13) * 60) / 38, 3),
  });
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test("made for inference, a detector gives the maps of the plain one, follows its weights and leaks nothing", async (context) => {
  if (!(await usable("tensorflow"))) return context.skip();
  const before = tf.memory().numTensors;
  const model = small();
  const fast = detectorForInference(model);
  const x = tf.randomUniform([1, 64, 96, 3], 0, 1, "float32", 1) as Tensor4D;
  for (let turn = 0; turn < 3; turn++) {
    const [plain, quick] = [model.apply(x, { training: false }), fast.apply(x, { training: false })];
    for (const i of [0, 1, 2] as const)
      expect(tf.tidy(() => tf.max(tf.abs(tf.sub(plain[i], quick[i]))).dataSync()[0]!)).toBeLessThan(1e-5);
    tf.dispose([plain, quick]);
    const bias = model.weights.get("model.24.m.0.bias")!;
    tf.tidy(() => bias.assign(tf.add(bias, 1)));
  }
  x.dispose();
  fast.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("results are as COCO wants them", () => {
  const detection = { box: { left: 1.5, top: 2, right: 11.5, bottom: 7 }, score: 0.75, label: 0 };
  const text = cocoResults([
    { image: 3, detections: [detection, { ...detection, label: 2 }] },
    { image: 4, detections: [] },
  ]);
  expect(JSON.parse(text)).toEqual([
    { image_id: 3, category_id: 1, bbox: [1.5, 2, 10, 5], score: 0.75 },
    { image_id: 3, category_id: 3, bbox: [1.5, 2, 10, 5], score: 0.75 },
  ]);
  expect(JSON.parse(cocoResults([]))).toEqual([]);
});
