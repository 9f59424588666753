import { expect, test } from "vitest";
import { type Canvas, makeCanvas, rememberedOn, type Shape } from "./canvas.ts";
import { ellipse, grown, rim } from "./shapes.ts";

const frame = { width: 12, height: 10, pixelMm: 0.5, left: -3, top: -2 } as Canvas["frame"];
const pose = { centre: [0, 0], turnDeg: 20, mirrored: false } as const;
const canvas = makeCanvas(frame, pose, { sizeMm: 0.2, wavelengthMm: 4, seed: 3 }, { echo: 0, loss: 0.5, impedance: 1 });

test("a shape that is remembered has the distances of the bare one, grown and as a rim too, and asks for each once", () => {
  const bare = ellipse([0.3, 0.2], [2, 1.4], 30);
  let asked = 0;
  const counted: Shape = {
    ...bare,
    distance: (u, v) => {
      asked++;
      return bare.distance(u, v);
    },
  };
  const remembered = rememberedOn(canvas, counted);
  const { u, v } = canvas;
  const of = ({ distance }: Shape) => Array.from(u, (at, i) => distance(at, v[i]!, i));
  const plain = ({ distance }: Shape) => Array.from(u, (at, i) => distance(at, v[i]!));
  expect(of(grown(remembered, 0.7))).toEqual(plain(grown(bare, 0.7)));
  expect(of(rim(remembered, 0.4))).toEqual(plain(rim(bare, 0.4)));
  expect(asked).toBe(u.length);
  expect(remembered.distance(9, 9)).toBe(bare.distance(9, 9)); // not of a pixel
});
