import { expect, test } from "vitest";
import { hasShared, sharedData } from "../../test/fixtures/shared.ts";
import type { Affine } from "../core/affine.ts";
import { seededRng } from "../core/rng.ts";
import { extractSlice, type Volume } from "../core/volume.ts";
import { type Fingerprint, fingerprintOf, likeness, sameScan } from "./fingerprint.ts";
import { readVolume } from "./nifti.ts";

/** A head-like blob with random lumps: smooth, as anatomy is. */
function headOf(seed: number): Volume<Float32Array> {
  const rng = seededRng(seed);
  const shape = [48, 44, 40] as const;
  const lumps = Array.from({ length: 60 }, () => ({
    at: shape.map((n) => n * rng.uniform()),
    size: 2 + 4 * rng.uniform(),
    value: rng.normal(),
  }));
  const data = new Float32Array(48 * 44 * 40);
  for (let i = 0; i < data.length; i++) {
    const p = [i % 48, Math.floor(i / 48) % 44, Math.floor(i / (48 * 44))];
    for (const { at, size, value } of lumps) {
      const d2 = (p[0]! - at[0]!) ** 2 + (p[1]! - at[1]!) ** 2 + (p[2]! - at[2]!) ** 2;
      if (d2 < 9 * size * size) data[i]! += value * Math.exp(-d2 / (2 * size * size));
    }
  }
  return { data, shape, affine: [-1, 0, 0, 24, 0, 1, 0, -22, 0, 0, 1, -20] };
}

const rng = seededRng(3);
const noisy = (v: Volume<Float32Array>, sigma: number): Volume<Float32Array> => ({
  ...v,
  data: v.data.map((x) => x + sigma * rng.normal()),
});
const head = headOf(1);
const print = fingerprintOf(head);

test("scale, offset and header change nothing that counts", () => {
  const scaled = { ...head, data: head.data.map((x) => 7 * x + 100) };
  expect(likeness(print, fingerprintOf(scaled))).toBeGreaterThan(0.9999);
  const moved: Affine = [0, 0, 2, 5, 0, -3, 0, 1, 1, 0, 0, 0];
  expect(likeness(print, fingerprintOf({ ...head, affine: moved }))).toBeCloseTo(1, 6);
});

test("a copy whose axes were mirrored and swapped, affine with them, is the same scan", () => {
  const [nx, ny, nz] = head.shape;
  const data = new Float32Array(head.data.length); // axes: z, mirrored x, y
  for (let x = 0; x < nx; x++) {
    const slice = extractSlice(head, 0, x);
    for (let y = 0; y < ny; y++) for (let z = 0; z < nz; z++) data[z + nz * (nx - 1 - x + nx * y)] = slice.data[y + ny * z]!;
  }
  const [a, b] = [head.affine, nx - 1];
  const affine: Affine = [
    a[2],
    -a[0],
    a[1],
    a[3] + a[0] * b,
    a[6],
    -a[4],
    a[5],
    a[7] + a[4] * b,
    a[10],
    -a[8],
    a[9],
    a[11] + a[8] * b,
  ];
  expect(likeness(print, fingerprintOf({ data, shape: [nz, nx, ny], affine }))).toBeGreaterThan(sameScan);
});

test("another head is far away, and so is an empty volume", () => {
  expect(likeness(print, fingerprintOf(headOf(2)))).toBeLessThan(0.5);
  expect(likeness(print, fingerprintOf({ ...head, data: new Float32Array(head.data.length) }))).toBe(0);
});

test.skipIf(!hasShared("fetal_mri/crl_sta_atlas"))(
  "neighbouring weeks of the CRL atlas are different scans; a noisy copy of a week is not",
  async () => {
    const prints: Fingerprint[] = [];
    let [copies, neighbours] = [1, -1];
    for (let week = 21; week <= 37; week++) {
      const volume = await readVolume(`${sharedData}fetal_mri/crl_sta_atlas/STA${week}.nii.gz`);
      prints.push(fingerprintOf(volume));
      if (week % 8 !== 0) continue;
      const tissue = volume.data.filter((x) => x > 0).sort()[0]!;
      const p90 = Float32Array.from(volume.data.filter((x) => x > tissue)).sort();
      const copy = noisy(volume, 0.05 * p90[Math.floor(0.9 * p90.length)]!);
      copies = Math.min(copies, likeness(prints.at(-1)!, fingerprintOf(copy)));
    }
    for (const [i, a] of prints.entries()) for (const b of prints.slice(0, i)) neighbours = Math.max(neighbours, likeness(a, b));
    console.log(
      `likeness: copies with 5 % noise at least ${copies.toFixed(3)}, different weeks at most ${neighbours.toFixed(3)}`,
    );
    expect(copies).toBeGreaterThan(sameScan + 0.004);
    expect(neighbours).toBeLessThan(sameScan - 0.01);
  },
);
