import { expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { axisAlignedAffine } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { lesionOptions } from "../bleed/options.ts";
import { bleedInto } from "../draw.ts";
import { prepareCase } from "../normal/case.ts";
import { ownGrain } from "./grain.ts";
import { spreadCover } from "./spread.ts";

const shape = [74, 90, 19] as const;
const head = toyHead({ shape, affine: axisAlignedAffine(shape, [1, 1, 3.5]) });
const rng = seededRng(4);
const noisy = { ...head.image, data: head.image.data.map((v) => (v > 0 ? v + 40 * rng.normal() : 0)) };

const deviation = (values: ArrayLike<number>) => {
  let [sum, square] = [0, 0];
  for (let i = 0; i < values.length; i++) [sum, square] = [sum + values[i]!, square + values[i]! ** 2];
  return Math.sqrt(square / values.length - (sum / values.length) ** 2);
};

test("a noisy stack is as noisy inside a bleed as it was; a smooth one gets no noise", () => {
  const options = lesionOptions.parse({
    grades: { kind: "free", II: 1 },
    stages: { dark: 1, rim: 0, bright: 0 },
    texture: [0, 0],
  });
  for (const [image, low, high] of [
    [noisy, 0.8, 1.2],
    [head.image, 0, 0.15], // what is left of its edges
  ] as const) {
    const normal = prepareCase(image, head.tissue, 27);
    const { scene } = bleedInto(seededRng(1), normal, options);
    const deep = spreadCover(scene.lesion!.data, scene); // away from the edges, which are as blurred as the image's
    const inside = scene.image.data.filter((_, i) => deep[i]! > 0.98);
    expect(inside.length).toBeGreaterThan(30);
    const sigma = 40 / normal.csf;
    expect(deviation(inside) / sigma).toBeGreaterThanOrEqual(low);
    expect(deviation(inside) / sigma).toBeLessThan(high);
  }
});

test("grain is the noise that was added, and no border between tissues", () => {
  const cover = Float32Array.from(head.tissue.data, (id) => (id === 4 ? 1 : 0));
  const grain = ownGrain({ image: noisy, tissue: head.tissue }, cover);
  const added = noisy.data.map((v, i) => v - head.image.data[i]!);
  const at = [...cover.keys()].filter((i) => cover[i] === 1);
  const [g, a] = [at.map((i) => grain[i]!), at.map((i) => added[i]!)];
  const correlation = at.reduce((s, _, k) => s + g[k]! * a[k]!, 0) / at.length / deviation(g) / deviation(a);
  expect(correlation).toBeGreaterThan(0.9);
  expect(deviation(g) / deviation(a)).toBeGreaterThan(0.85);
  expect(deviation(g) / deviation(a)).toBeLessThan(1.1);
  expect(grain.every((v, i) => cover[i] === 1 || v === 0)).toBe(true);
});
