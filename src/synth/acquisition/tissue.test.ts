import { expect, test } from "vitest";
import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { seededRng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { headGeometry, type Scene } from "../scene.ts";
import { acquireStack } from "./acquire.ts";
import { drawAcquisition } from "./draw.ts";
import { acquisitionOptions } from "./options.ts";
import { acquireTissue } from "./tissue.ts";

/** A cube of brain that white matter fills up to a plane z, cortex above it, in voxels of 1 mm. */
function layers(whiteMm: number): Scene {
  const shape: Vec3 = [30, 30, 30];
  const affine = axisAlignedAffine(shape, [1, 1, 1]);
  const tissue = new Uint8Array(27_000).map((_, i) => (Math.floor(i / 900) < whiteMm ? tissues.whiteMatter : tissues.cortex));
  const image = Float32Array.from(tissue, (id) => (id === tissues.cortex ? 1 : 0));
  return { image: { data: image, shape, affine }, tissue: { data: tissue, shape, affine }, lesion: null };
}

const off = { severity: [0, 0] };
const still = { contrast: off, blur: off, motion: off, signalDrop: off, flowVoid: off, amnioticVoid: off, bias: off, noise: off };
const options = acquisitionOptions.parse({
  ...still,
  pixelMm: [1, 1],
  thicknessMm: [4, 4],
  gapMm: [0, 0],
  fieldMm: [20, 20],
  offsetMm: 0,
  obliqueDegrees: 25,
  inPlaneDegrees: 40,
});

test("a voxel has the tissue that most of its signal comes from", () => {
  for (const whiteMm of [11, 14, 17]) {
    const scene = layers(whiteMm);
    const drawn = drawAcquisition(seededRng(whiteMm), options, "axial", headGeometry(scene));
    const { image } = acquireStack(scene, drawn); // the share of cortex, by another way: trilinear
    const tissue = acquireTissue(scene, drawn);
    expect(tissue.shape).toEqual(image.shape);
    let checked = 0;
    for (let i = 0; i < tissue.data.length; i++) {
      const share = image.data[i]!;
      if (tissue.data[i] === 0 || Math.abs(share - 0.5) < 0.1) continue;
      if (share > 0 && share < 1) checked++;
      expect(tissue.data[i]).toBe(share > 0.5 ? tissues.cortex : tissues.whiteMatter);
    }
    expect(checked).toBeGreaterThan(100);
  }
});
