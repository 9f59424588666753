import { expect, test } from "vitest";
import { toyHead } from "../../../test/helpers/toy-head.ts";
import { seededRng } from "../../core/rng.ts";
import { acquireStack, showsLesion } from "../acquisition/acquire.ts";
import { drawAcquisition } from "../acquisition/draw.ts";
import { acquisitionOptions } from "../acquisition/options.ts";
import { headGeometry, type Scene } from "../scene.ts";
import { drawSurround } from "./draw.ts";
import { surroundOptions } from "./options.ts";
import { paintSurround } from "./paint.ts";
import { seenRows } from "./seen.ts";

const toy = toyHead({ shape: [38, 46, 34], affine: [2, 0, 0, -37, 0, 2, 0, -45, 0, 0, 2, -33] });
/** A ball of blood at (x, y, z) mm; its coverage falls off at the edge. */
const bleeding = (x: number, y: number, z: number, mm: number): Scene => {
  const { shape, affine } = toy.image;
  const cover = toy.image.data.map((_, i) => {
    const at = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))];
    const away = Math.hypot(...[x, y, z].map((c, a) => affine[4 * a + a]! * at[a]! + affine[4 * a + 3]! - c));
    return Math.min(1, Math.max(0, 0.5 + (mm - away) / 2));
  });
  return {
    image: { ...toy.image, data: toy.image.data.map((v) => v / 950) },
    tissue: toy.tissue,
    lesion: { ...toy.image, data: cover },
  };
};
const scans = acquisitionOptions.parse({
  pixelMm: [1.5, 2.5],
  thicknessMm: [3, 6],
  fieldMm: [60, 150],
  inPlaneDegrees: 180,
  motion: { severity: [0, 1] },
});

/** How many elements of two arrays differ. */
function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

test("painting only what scans can read changes no voxel of their stacks, and leaves out a good part", () => {
  const scene = bleeding(12, 0, 0, 5);
  const head = headGeometry(scene);
  for (const seed of [1, 2, 3]) {
    const rng = seededRng(seed);
    const surround = drawSurround(rng.fork("surround"), surroundOptions.parse({ maskedShare: 0, fieldMm: 180 }), head);
    const acquisitions = (["axial", "coronal", "sagittal"] as const).map((plane) =>
      drawAcquisition(rng.fork(plane), scans, plane, head),
    );
    const whole = paintSurround(scene, surround);
    for (const seen of [acquisitions, acquisitions.slice(0, 1)]) {
      const part = paintSurround(scene, surround, seen);
      expect(differing(part.image.data, whole.image.data)).toBeGreaterThan(0.1 * part.image.data.length);
      for (const acquisition of seen) {
        const [a, b] = [acquireStack(part, acquisition), acquireStack(whole, acquisition)];
        expect([differing(a.image.data, b.image.data), differing(a.lesion.data, b.lesion.data)]).toEqual([0, 0]);
      }
    }
  }
});

test("without scans every voxel is of use", () => {
  const { first, last } = seenRows(toy.image, null);
  expect(first.every((v) => v === 0) && last.every((v) => v === toy.image.shape[0] - 1)).toBe(true);
});

test("a scan shows a lesion exactly where its mask has a voxel of it", () => {
  const rng = seededRng(9);
  const counts = [0, 0];
  for (let n = 0; n < 24; n++) {
    const scene = bleeding(-12, 4 * (n % 5) - 8, n % 7, n % 4 === 3 ? 3 : 0.4 + 0.12 * n);
    const acquisition = drawAcquisition(rng.fork(n), scans, "axial", headGeometry(scene));
    const shown = showsLesion(scene, acquisition);
    expect(shown).toBe(acquireStack(scene, acquisition).lesion.data.includes(1));
    counts[shown ? 1 : 0]!++;
  }
  expect(Math.min(...counts)).toBeGreaterThan(2);
});
