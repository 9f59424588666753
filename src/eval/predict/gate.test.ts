import { expect, test } from "vitest";
import type { Image } from "../../core/volume.ts";
import { gatePixels, predictedGate } from "./gate.ts";

/** One slice of 40 x 40: a sure square of 10 x 10, and doubtful logits in a band that reaches it. */
function brainOn(doubt: number): Image {
  const data = new Float32Array(1600).fill(-5);
  for (let y = 0; y < 40; y++) for (let x = 0; x < 40; x++) if (y < 30) data[x + 40 * y] = doubt;
  for (let y = 5; y < 15; y++) for (let x = 5; x < 15; x++) data[x + 40 * y] = 8;
  return { data, width: 40, height: 40 };
}

test("what is larger than any head is narrowed to what the network is sure of", () => {
  expect(gatePixels(predictedGate([brainOn(0.7)], 1000))).toBe(100); // 1200 ml at logit 0, 100 ml above 1
});

test("what fits a head is kept whole", () => {
  expect(gatePixels(predictedGate([brainOn(0.7)], 500))).toBe(1200);
});

test("no logit above 0, no gate; a narrowing that leaves nothing is not taken", () => {
  expect(gatePixels(predictedGate([{ data: new Float32Array(16).fill(-1), width: 4, height: 4 }], 1))).toBe(0);
  expect(gatePixels(predictedGate([{ data: new Float32Array(16).fill(0.3), width: 4, height: 4 }], 1e6))).toBe(16);
});
