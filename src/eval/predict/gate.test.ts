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
  expect(gatePixels(predictedGate([brainOn(0.7)], 1000, 0))).toBe(100); // 1200 ml at logit 0, 100 ml above 1
});

test("what fits a head is kept whole", () => {
  expect(gatePixels(predictedGate([brainOn(0.7)], 500, 0))).toBe(1200);
});

test("no logit above 0, no gate; a narrowing that leaves nothing is not taken", () => {
  expect(gatePixels(predictedGate([{ data: new Float32Array(16).fill(-1), width: 4, height: 4 }], 1, 0))).toBe(0);
  expect(gatePixels(predictedGate([{ data: new Float32Array(16).fill(0.3), width: 4, height: 4 }], 1e6, 0))).toBe(16);
});

test("a ball that hangs on the head by a neck is cut off, a head with a bleed in it kept, and what is thin everywhere is kept", () => {
  const draw = (inside: (x: number, y: number) => boolean): Image => ({
    ...{ width: 90, height: 50 },
    data: Float32Array.from({ length: 90 * 50 }, (_, i) => (inside(i % 90, Math.floor(i / 90)) ? 3 : -3)),
  });
  const ball = (cx: number, radius: number) => (x: number, y: number) => Math.hypot(x - cx, y - 25) < radius;
  const [head, body, bleed] = [ball(25, 20), ball(70, 15), ball(30, 5)];
  const neck = (x: number, y: number) => x > 25 && x < 70 && Math.abs(y - 25) < 5;
  const joined = draw((x, y) => (head(x, y) && !bleed(x, y)) || body(x, y) || neck(x, y));
  const whole = gatePixels(predictedGate([draw(head)], 1, 0));
  const cut = predictedGate([joined], 1, 6);
  expect(gatePixels(predictedGate([joined], 1, 0))).toBeGreaterThan(1.5 * whole);
  expect(gatePixels(cut) / whole).toBeGreaterThan(0.97);
  expect(gatePixels(cut) / whole).toBeLessThan(1.1);
  expect([cut[0]!.data[30 + 90 * 25], cut[0]!.data[70 + 90 * 25]]).toEqual([1, 0]);
  expect(gatePixels(predictedGate([draw(neck)], 1, 6))).toBe(44 * 9);
});
