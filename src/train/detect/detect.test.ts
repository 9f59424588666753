import { expect, test } from "vitest";
import { seeded } from "../../../test/helpers/seeded.ts";
import { type Inputs, testTorchCases, usable } from "../../../test/helpers/torch-cases.ts";
import { type Tensor4D, tf } from "../../backend/tf.ts";
import { rectangleIou } from "../../core/rectangle.ts";
import { yoloOptions } from "../../models/yolo/design.ts";
import type { RawMaps } from "../../models/yolo/network.ts";
import { type AssignOptions, assignTargets, type BoxTarget, placeNumbers } from "./assign.ts";
import { detectionLoss, uploadTargets } from "./loss.ts";
import { detectionLossOptions } from "./options.ts";

const { anchors } = yoloOptions.parse({ kind: "yolov5" });
const [width, height, batch] = [64, 32, 2];
const options = (classes: number, places: number): AssignOptions => ({ width, height, anchors, classes, places, anchorRatio: 4 });

/** The boxes of scripts/fixtures/detection_torch.py. */
function boxesOf(name: string, count: number, classes: number, grid: number): BoxTarget[][] {
  const { data } = seeded(`${name}/boxes`, [batch, count, 5], 0, 1);
  return Array.from({ length: batch }, (_, picture) =>
    Array.from({ length: count }, (_, i) => {
      const [x, y, w, h, c] = data.subarray((picture * count + i) * 5) as unknown as [number, number, number, number, number];
      const half = [1 + 20 * w * w, 1 + 20 * h * h] as const;
      const edge = (value: number, limit: number, more: number) =>
        Math.min(Math.max(grid === 0 ? value : grid * (Math.floor(value / grid) + more), 0), limit);
      const box = {
        left: edge(x * width - half[0], width, 0),
        top: edge(y * height - half[1], height, 0),
        right: edge(x * width + half[0], width, 1),
        bottom: edge(y * height + half[1], height, 1),
      };
      return { box, label: Math.floor(c * classes) };
    }),
  );
}

const lossOf =
  (pictures: BoxTarget[][], classes: number, places: number) =>
  ({ fine, middle, coarse }: Inputs) =>
    detectionLoss(
      [fine, middle, coarse] as RawMaps,
      uploadTargets(assignTargets(pictures, options(classes, places)), classes),
      classes,
      detectionLossOptions.parse({}),
    );

testTorchCases("detection.json", {
  "three classes": lossOf(boxesOf("three classes", 6, 3, 0), 3, 108),
  "one class, on cell borders": lossOf(boxesOf("one class, on cell borders", 7, 1, 4), 1, 126),
  "no boxes": lossOf([[], []], 2, 1),
});

test("the number of places changes nothing but the shape", async () => {
  await usable("cpu");
  const pictures = boxesOf("three classes", 6, 3, 0);
  const maps = [8, 16, 32].map((s) => {
    const shape = [batch, height / s, width / s, 24] as const;
    return tf.tensor4d(seeded(`map ${s}`, shape).data, [...shape]) as Tensor4D;
  });
  const values = [108, 400].map((places) => {
    const [fine, middle, coarse] = maps as RawMaps;
    return lossOf(pictures, 3, places)({ fine, middle, coarse }).dataSync()[0]!;
  });
  expect(Math.abs(values[1]! / values[0]! - 1)).toBeLessThan(1e-6);
});

test("each place is an anchor of the right shape in the box's own cell or one beside it, and one of each anchor's boxes owns it", () => {
  const classes = 3;
  const pictures = boxesOf("places", 40, classes, 0);
  const levels = assignTargets(pictures, options(classes, 9 * 80));
  for (const [level, { cells, numbers }] of levels.entries()) {
    const stride = [8, 16, 32][level]!;
    const [columns, rows] = [width / stride, height / stride];
    const owners = new Map<number, number>();
    let found = 0;
    for (let i = 0; i < cells.length; i++) {
      const [counts, owns, w, h, left, top, right, bottom, ...label] = numbers.subarray(i * placeNumbers(classes), (i + 1) * placeNumbers(classes)) as unknown as number[] & { length: 11 }; // biome-ignore format: short
      if (counts === 0) continue;
      found++;
      const cell = cells[i]!;
      const size = anchors[level]![cell % 3]!;
      expect([w! * stride, h! * stride]).toEqual([...size]);
      const [x, y] = [Math.floor(cell / 3) % columns, Math.floor(cell / 3 / columns) % rows];
      const picture = pictures[Math.floor(cell / 3 / columns / rows)]!;
      const [middleX, middleY] = [(left! + right!) / 2, (top! + bottom!) / 2];
      for (const middle of [middleX, middleY]) expect(middle >= -0.5 - 1e-5 && middle <= 1.5 + 1e-5).toBe(true);
      const here = {
        left: (left! + x) * stride,
        top: (top! + y) * stride,
        right: (right! + x) * stride,
        bottom: (bottom! + y) * stride,
      };
      expect(picture.some(({ box, label: of }) => rectangleIou(box, here) > 1 - 1e-4 && label[of] === 1)).toBe(true);
      owners.set(cell, (owners.get(cell) ?? 0) + owns!);
    }
    expect(found).toBeGreaterThan([100, 20, 1][level]!);
    expect(new Set(owners.values())).toEqual(new Set([1]));
  }
});

test("boxes that cannot be, and too many, are refused with what was got", () => {
  const one = (left: number, right: number, label = 0): BoxTarget[][] => [[{ box: { left, top: 2, right, bottom: 12 }, label }]];
  expect(() => assignTargets(one(5, 5), options(1, 9))).toThrow('middle in the 64 x 32 pixels; got {"left":5');
  expect(() => assignTargets(one(60, 70), options(1, 9))).toThrow("middle in the 64 x 32 pixels");
  expect(() => assignTargets(one(Number.NaN, 70), options(1, 9))).toThrow("middle in the 64 x 32 pixels");
  expect(() => assignTargets(one(5, 15, 1), options(1, 9))).toThrow("labels are 0 to 0; got 1");
  expect(() => assignTargets(one(5, 15), options(1, 2))).toThrow(/2 places a level; got \d/);
});
