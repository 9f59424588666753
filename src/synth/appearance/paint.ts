import { affineSpacing, type Vec3 } from "../../core/affine.ts";
import type { Scene } from "../scene.ts";
import { makeTexture } from "../surround/texture.ts";
import type { Appearance } from "./draw.ts";

/** How far a voxel may be from its tissue's median, as a factor either way, before it is taken to a power: noise and partial volume are no contrast. */
const mostRatio = 4;

/** Half the width of the soft edge of a blotch, in standard deviations of its noise, and where that edge lies. */
const blotchEdge = 0.25;
const blotchFrom = 0.7;

/**
 * Gives the tissues of a scene new signals: each its own level, contrast within it, blotches and grain, then a blur over all borders.
 * Tissue ids and blood stay as they are; voxels without signal stay black. Values are at least 0. The scene is not modified.
 */
export function paintAppearance(scene: Scene, appearance: Appearance): Scene {
  const { image, tissue } = scene;
  const { shape } = image;
  const spacing = affineSpacing(image.affine);
  const medians = tissueMedians(image.data, tissue.data, appearance.tissues.length);
  const looks = appearance.tissues.map((look, id) => ({
    ...look,
    median: medians[id]!,
    to: look.level ?? medians[id]! * look.gain,
    raised: powerOf(look.power),
  }));
  const [grain, blotch] = [makeTexture(`${appearance.seed}/grain`), makeTexture(`${appearance.seed}/blotch`)];
  const data = new Float32Array(image.data.length);
  const [fine, coarse] = [new Float32Array(shape[0]), new Float32Array(shape[0])];
  for (let z = 0, i = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      const cells = (mm: number): readonly [Vec3, Vec3] => [
        [0, (y * spacing[1]) / mm, (z * spacing[2]) / mm],
        [spacing[0] / mm, 0, 0],
      ];
      grain.row(...cells(appearance.grainMm), fine);
      blotch.row(...cells(appearance.blotchMm), coarse);
      for (let x = 0; x < shape[0]; x++, i++) {
        const { median, to, power, raised, blotchGain } = looks[tissue.data[i]!]!;
        const own = image.data[i]!;
        if (!(own > 0 && median > 0)) continue;
        const ratio = Math.min(mostRatio, Math.max(1 / mostRatio, own / median));
        // Power 1 keeps the voxel to the bit but for its gain, however far from the median it is.
        const value = power === 1 ? own * (to / median) : to * raised(ratio);
        const inBlotch = Math.min(1, Math.max(0, 0.5 + (coarse[x]! - blotchFrom) / (2 * blotchEdge)));
        data[i] = Math.max(0, value * (1 + inBlotch * (blotchGain - 1)) * (1 + appearance.texture * fine[x]!));
      }
    }
  }
  if (appearance.blurMm > 0) blurAlongAxes(data, shape, spacing, appearance.blurMm);
  return { ...scene, image: { ...image, data } };
}

/** `ratio ** power` for ratios up to `mostRatio`, from a table; within 1e-5. */
function powerOf(power: number): (ratio: number) => number {
  const steps = 1024; // a unit
  const table = Float64Array.from({ length: mostRatio * steps + 2 }, (_, i) => (i / steps) ** power);
  return (ratio) => {
    const at = ratio * steps;
    const n = at | 0;
    return table[n]! + (at - n) * (table[n + 1]! - table[n]!);
  };
}

/** Median of the positive values of each tissue id, from at most some 50,000 voxels evenly spaced; 0 where there are none. */
function tissueMedians(values: Float32Array, ids: Uint8Array, count: number): number[] {
  const found = new Uint32Array(count);
  for (let i = 0; i < ids.length; i++) if (values[i]! > 0) found[ids[i]!]!++;
  const step = Array.from(found, (n) => Math.max(1, Math.floor(n / 50_000)));
  const seen = new Uint32Array(count);
  const samples: number[][] = step.map(() => []);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (values[i]! > 0 && seen[id]!++ % step[id]! === 0) samples[id]!.push(values[i]!);
  }
  return samples.map((sample) => Float32Array.from(sample).sort()[sample.length >> 1] ?? 0);
}

/** Gaussian blur in place, cut off at 3 standard deviations; beyond the border the edge goes on. */
function blurAlongAxes(data: Float32Array, shape: Vec3, spacing: Vec3, deviationMm: number): void {
  const stride = [1, shape[0], shape[0] * shape[1]];
  for (const axis of [0, 1, 2]) {
    const deviation = deviationMm / spacing[axis]!;
    const radius = Math.ceil(3 * deviation);
    const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / deviation) ** 2));
    const sum = kernel.reduce((a, b) => a + b, 0);
    blurAxis(data, shape[axis]!, stride[axis]!, kernel.map((v) => v / sum)); // biome-ignore format: short
  }
}

function blurAxis(data: Float32Array, length: number, stride: number, kernel: Float64Array): void {
  const radius = (kernel.length - 1) / 2;
  const line = new Float64Array(length + 2 * radius);
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / stride) % length !== 0) continue;
    let empty = true;
    for (let k = 0; k < line.length; k++) {
      line[k] = data[start + stride * Math.min(length - 1, Math.max(0, k - radius))]!;
      if (line[k] !== 0) empty = false;
    }
    if (empty) continue;
    for (let p = 0; p < length; p++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * line[p + k]!;
      data[start + stride * p] = sum;
    }
  }
}
