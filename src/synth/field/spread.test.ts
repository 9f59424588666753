import { expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { axisAlignedAffine } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import type { LabelVolume, Volume } from "../../core/volume.ts";
import { blurInPlace, pointSpread } from "../acquisition/psf.ts";
import { lesionOptions } from "../bleed/options.ts";
import { bleedInto } from "../draw.ts";
import { prepareCase } from "../normal/case.ts";
import { edgeSpread } from "./spread.ts";

const shape = [74, 90, 19] as const;
const head = toyHead({ shape, affine: axisAlignedAffine(shape, [1, 1, 3.5]) });
const plane = shape[0] * shape[1];

/** The toy head with noise, both through a scanner of some resolution in pixels; black outside the head, as after masking. */
function scanned(resolution: number, noise: number): Volume<Float32Array> {
  const rng = seededRng(4);
  const kernel = pointSpread(resolution, 0.2);
  const data = head.image.data.map((v) => v + noise * rng.normal());
  for (let k = 0; k < shape[2]; k++) {
    blurInPlace(
      data.subarray(k * plane, (k + 1) * plane),
      [shape[0], shape[1]],
      [kernel, kernel],
      "repeat",
      new Float32Array(plane),
    );
  }
  return { ...head.image, data: data.map((v, i) => (head.tissue.data[i] === 0 ? 0 : Math.max(1, v))) };
}

test("an image's blur is read from the walls of its ventricles, noise or not", () => {
  for (const noise of [0, 60]) {
    const found = [1, 1.5, 2].map((resolution) => edgeSpread({ image: scanned(resolution, noise), tissue: head.tissue }));
    // A window of 1 - a + a cos has a main lobe whose width is about that of a Gaussian of .55 times its resolution.
    expect(found[1]! / 1.5).toBeGreaterThan(0.45);
    expect(found[1]! / 1.5).toBeLessThan(0.75);
    expect(found[0]! + 0.15).toBeLessThan(found[1]!);
    expect(found[1]! + 0.15).toBeLessThan(found[2]!);
  }
  const dry: LabelVolume = { ...head.tissue, data: head.tissue.data.map((id) => (id === 4 ? 3 : id)) };
  expect(edgeSpread({ image: head.image, tissue: dry })).toBe(0);
});

test("a bleed in a scanned stack shows no detail that the scanner cannot, and nothing beyond the mask", () => {
  const image = scanned(1.8, 40);
  const options = lesionOptions.parse({ grades: { kind: "free", II: 1 } });
  const normal = prepareCase(image, head.tissue, 27);
  const { scene } = bleedInto(seededRng(1), normal, options);
  const inside = scene.lesion!.data.map((cover) => (cover > 0.5 ? 1 : 0));
  expect(inside.reduce((sum, v) => sum + v, 0)).toBeGreaterThan(60);
  const before = finest(normal.scene.image, inside);
  const after = finest(scene.image, inside);
  expect(after).toBeLessThan(3 * before); // not blurred: 10 times
  expect(after).toBeGreaterThan(0.5 * before);
  expect(scene.image.data.every((v, i) => image.data[i] !== 0 || v === 0)).toBe(true);
});

/** Root mean square of what is left of some voxels at the highest frequency along both axes of a slice. */
function finest({ data }: Volume<Float32Array>, at: Float32Array): number {
  let [sum, count] = [0, 0];
  const line = (i: number) => data[i - 1]! - 2 * data[i]! + data[i + 1]!;
  for (let i = 0; i < data.length; i++) {
    if (at[i] === 0) continue;
    sum += (line(i - shape[0]) - 2 * line(i) + line(i + shape[0])) ** 2;
    count++;
  }
  return Math.sqrt(sum / count);
}
