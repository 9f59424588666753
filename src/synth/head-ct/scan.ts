import { type Affine, axisAlignedAffine, type Matrix3, rotationMatrix, type Vec3 } from "../../core/affine.ts";
import type { LabelVolume, Volume } from "../../core/volume.ts";
import { sampleTrilinear } from "../field/interpolate.ts";
import type { Head } from "./build.ts";
import type { Pose, ScanPlan } from "./plan.ts";
import { scannerFaults } from "./scan-noise.ts";

/** A scan of a head: thick slices, HU in whole numbers of [-1024, 3071], and what is known of each voxel. */
export interface HeadScan {
  readonly image: Volume<Int16Array>;
  /** 0 and the kinds of bleeding, 1 to 5, where blood fills at least half of the voxel; of several kinds in it, the one that is cut last. */
  readonly lesion: LabelVolume;
  /** 1 where at least half of the voxel is inside the skull. */
  readonly cavity: LabelVolume;
}

/** Field of view, mm. */
const fieldOfView = 230;
/** From the lowest slice to the highest, mm, and where their middle is. */
const [coverage, middleZ] = [154, 12];

/** Noise in the middle of 200 mm of water with the soft kernel, HU, at 60 mGy and 5 mm: about what head protocols have. Our choice. */
const usualNoise = 3.6;

/**
 * Scans a head: slices along z of the scanner, as thick as they are apart, each the mean of what it cuts while the head lies as it does; then
 * what the scanner adds ({@link scannerFaults}). The noise falls with the square root of dose and thickness.
 */
export function scanHead(head: Head, plan: ScanPlan): HeadScan {
  const { pixelMm, sliceMm } = plan;
  const size = 2 * Math.round(fieldOfView / pixelMm / 2);
  const shape: Vec3 = [size, size, Math.round(coverage / sliceMm)];
  const affine = axisAlignedAffine(shape, [pixelMm, pixelMm, sliceMm], [0, 0, middleZ]);
  const cut = cutter(head, { size, pixelMm, sliceMm, affine });
  const slices = Array.from({ length: shape[2] }, (_, k) => {
    const slice = cut(k, posesOf(plan, k));
    return { ...slice, hu: withFaults(slice.hu, size, k, plan) };
  });
  const joined = (part: "lesion" | "cavity") => ({ data: concatenated(slices.map((slice) => slice[part])), shape, affine });
  const image = new Int16Array(size * size * shape[2]);
  for (const [k, { hu }] of slices.entries()) image.set(hu, k * size * size);
  return { image: { data: image, shape, affine }, lesion: joined("lesion"), cavity: joined("cavity") };
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.length * parts[0]!.length);
  for (const [k, part] of parts.entries()) out.set(part, k * part.length);
  return out;
}

/** A slice with what the scanner adds, as it is stored: whole HU of [-1024, 3071]. */
export function withFaults(hu: Float32Array, size: number, index: number, plan: Omit<ScanPlan, "pose" | "moves">): Int16Array {
  const waterNoise = usualNoise * Math.sqrt((60 / plan.doseMGy) * (5 / plan.sliceMm));
  const faults = scannerFaults({ data: hu, size, pixelMm: plan.pixelMm }, index, { ...plan, waterNoise });
  return Int16Array.from(hu, (value, i) => Math.max(-1024, Math.min(3071, Math.round(value + faults[i]!))));
}

/** How the head lies during a slice: where it moved within it, the one way and the other. */
function posesOf({ pose, moves }: ScanPlan, k: number): readonly Pose[] {
  const before = moves.findLast(({ slice }) => slice < k)?.pose ?? pose;
  const during = moves.filter(({ slice }) => slice === k).map((move) => move.pose);
  return [before, ...during];
}

interface Slice {
  readonly hu: Float32Array;
  readonly lesion: Uint8Array;
  readonly cavity: Uint8Array;
}

/** Makes the function that cuts one slice: per pixel the mean over sub-slices about a millimetre apart, and over the poses. */
function cutter(
  head: Head,
  { size, pixelMm, sliceMm, affine }: { size: number; pixelMm: number; sliceMm: number; affine: Affine },
) {
  const value = sampleTrilinear(head.image.data, head.image.shape);
  const nearest = nearestOf(head);
  const subs = Math.max(1, Math.round(sliceMm));
  const [step, , , ox, , , , oy, , , , oz] = head.image.affine; // one step, axes along the head's
  return (k: number, poses: readonly Pose[]): Slice => {
    const [hu, covers, inside] = [0, 1, 2].map(() => new Float32Array(size * size)) as [Float32Array, Float32Array, Float32Array];
    const kinds = new Uint8Array(size * size);
    const weight = 1 / (subs * poses.length);
    for (const { turn, shift } of poses) {
      const back = transposed(rotationMatrix(turn));
      for (let s = 0; s < subs; s++) {
        const z = affine[11] + sliceMm * (k + (s + 0.5) / subs - 0.5) - shift[2];
        for (let j = 0, i = 0; j < size; j++) {
          const y = affine[7] + pixelMm * j - shift[1];
          for (let c = 0; c < size; c++, i++) {
            const x = affine[3] + pixelMm * c - shift[0];
            const u = (back[0] * x + back[1] * y + back[2] * z - ox) / step;
            const v = (back[3] * x + back[4] * y + back[5] * z - oy) / step;
            const w = (back[6] * x + back[7] * y + back[8] * z - oz) / step;
            const at = nearest(u, v, w);
            hu[i] = hu[i]! + weight * (at < 0 ? beyond(head, u, v, w) : value(u, v, w));
            if (at < 0) continue;
            inside[i] = inside[i]! + weight * head.cavity.data[at]!;
            const kind = head.bleed.data[at]!;
            if (kind === 0) continue;
            covers[i] = covers[i]! + weight;
            kinds[i] = kind;
          }
        }
      }
    }
    const lesion = kinds.map((kind, i) => (covers[i]! >= 0.5 ? kind : 0));
    return { hu, lesion, cavity: Uint8Array.from(inside, (share) => (share >= 0.5 ? 1 : 0)) };
  };
}

/** Below the built head its lowest plane goes on; elsewhere there is air. */
function beyond({ image: { data, shape } }: Head, u: number, v: number, w: number): number {
  const [i, j] = [Math.round(u), Math.round(v)];
  return w < 0 && i >= 0 && j >= 0 && i < shape[0] && j < shape[1] ? data[i + shape[0] * j]! : -1000;
}

/** Index of the voxel that a place in voxels lies in; -1 outside. */
function nearestOf({
  image: {
    shape: [nx, ny, nz],
  },
}: Head): (u: number, v: number, w: number) => number {
  // biome-ignore format: one line
  return (u, v, w) => {
    const [i, j, k] = [Math.round(u), Math.round(v), Math.round(w)];
    return i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? -1 : i + nx * (j + ny * k);
  };
}

function transposed([a, b, c, d, e, f, g, h, i]: Matrix3): Matrix3 {
  return [a, d, g, b, e, h, c, f, i];
}
