import { expect, test } from "vitest";
import { axisAlignedAffine } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import type { LabelVolume } from "../../core/volume.ts";
import { measureBiometry } from "./biometry.ts";

type Paint = (x: number, y: number, z: number) => number;

/** Labels painted by world place on a grid of 100 mm about the origin. */
function labelled(paint: Paint, spacing = 1): LabelVolume {
  const n = Math.round(100 / spacing);
  const affine = axisAlignedAffine([n, n, n], [spacing, spacing, spacing], [0.25, 0, 0]);
  const data = Uint8Array.from({ length: n ** 3 }, (_, i) => {
    const place = (index: number, offset: number) => spacing * index + offset;
    return paint(place(i % n, affine[3]), place(Math.floor(i / n) % n, affine[7]), place(Math.floor(i / n ** 2), affine[11]));
  });
  return { data, shape: [n, n, n], affine };
}

const ball = (x: number, y: number, z: number, radius: number) => x * x + y * y + z * z < radius * radius;

test("widths of balls are their diameters", () => {
  const labels = labelled((x, y, z) => {
    if (ball(x, y, z - 20, 5)) return tissues.cavum;
    if (ball(x, y, z + 20, 11)) return tissues.cerebellum;
    if (ball(x, y, z, 33)) return tissues.whiteMatter;
    return ball(x, y, z, 41) ? tissues.csf : tissues.background;
  });
  const m = measureBiometry(labels);
  const near = (measured: number, diameter: number) => expect(Math.abs(measured - diameter)).toBeLessThan(1);
  near(m.cavumWidth, 10);
  near(m.transcerebellar, 22);
  near(m.brainWidth, 66);
  near(m.innerSkullWidth, 82);
  expect(m.volume.cerebellum).toBeCloseTo(((4 / 3) * Math.PI * 11 ** 3) / 1000, 1);
  expect(m.atrialWidth).toEqual({ left: 0, right: 0 });
});

test("the atrium is measured square to the ventricle, on its own side", () => {
  // Two bars that turn outwards by 25 degrees towards the back: across one by 7 mm on the right, 9 mm on the left.
  const [c, s] = [Math.cos((25 * Math.PI) / 180), Math.sin((25 * Math.PI) / 180)];
  const bar = (x: number, y: number, z: number, width: number) =>
    Math.abs(c * (x - 14) + s * y) < width / 2 && Math.abs(c * y - s * (x - 14)) < 20 && Math.abs(z) < 5;
  for (const spacing of [1, 1.25]) {
    const m = measureBiometry(
      labelled((x, y, z) => (bar(Math.abs(x), y, z, x > 0 ? 7 : 9) ? tissues.lateralVentricle : tissues.csf), spacing),
    );
    expect(Math.abs(m.atrialWidth.right - 7)).toBeLessThan(0.7);
    expect(Math.abs(m.atrialWidth.left - 9)).toBeLessThan(0.7);
    expect(m.ventricle.left + m.ventricle.right).toBeCloseTo(m.volume.lateralVentricle, 10);
    expect(m.ventricle.left).toBeGreaterThan(m.ventricle.right);
  }
});

test("refuses a grid that is not along the world's axes", () => {
  const labels = labelled(() => 0, 10);
  const affine = labels.affine.map((v, i) => (i === 1 ? 0.1 : v)) as unknown as LabelVolume["affine"];
  expect(() => measureBiometry({ ...labels, affine })).toThrow(
    /measureBiometry: the axes must run along the world's; got affine 10 0.1/,
  );
});
