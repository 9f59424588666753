import { type Affine, applyAffine, axisAlignedAffine, type Vec3 } from "../../src/core/affine.ts";
import { type Tissue, tissues } from "../../src/core/tissue.ts";
import type { LabelVolume, Volume } from "../../src/core/volume.ts";

/** How a toy head differs from the plain one. */
export interface ToyHead {
  /** Grid; by default 1.5 mm, axes along the world's. */
  readonly shape?: Vec3;
  readonly affine?: Affine;
  /** World → head coordinates (mm right, anterior, superior); by default the same. */
  readonly toHead?: Affine;
  /** Label cavum and third ventricle as lateral ventricle, as schemes with one ventricle label do. */
  readonly merged?: boolean;
  /** Label a germinal matrix. */
  readonly zoned?: boolean;
}

const signals: Partial<Record<Tissue, number>> = {
  csf: 950,
  cortex: 500,
  whiteMatter: 620,
  lateralVentricle: 820,
  deepGrey: 550,
  germinalMatrix: 560,
  cavum: 900,
  otherVentricle: 850,
};

/** A head of ellipsoids and bent tubes with everything that the priors look for, symmetric about x = 0, in an unnamed intensity unit. */
export function toyHead(options: ToyHead = {}): { image: Volume<Float32Array>; tissue: LabelVolume } {
  const shape = options.shape ?? [50, 61, 45];
  const affine = options.affine ?? axisAlignedAffine(shape, [1.5, 1.5, 1.5]);
  const image = new Float32Array(shape[0] * shape[1] * shape[2]);
  const tissue = new Uint8Array(image.length);
  let i = 0;
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, i++) {
        const world = applyAffine(affine, [x, y, z]);
        const kind = tissueAt(options.toHead ? applyAffine(options.toHead, world) : world, options);
        tissue[i] = tissues[kind];
        image[i] = signals[kind] ?? 0;
      }
    }
  }
  return { image: { data: image, shape, affine }, tissue: { data: tissue, shape, affine } };
}

function tissueAt([right, a, s]: Vec3, { merged = false, zoned = false }: ToyHead): Tissue {
  const r = Math.abs(right);
  const shell = Math.hypot(r / 34, a / 42, s / 30);
  if (shell > 1) return "background";
  if (shell > 0.92) return "csf";
  if (shell > 0.82) return "cortex";
  const wall = ventricleMm(r, a, s);
  if (wall < 0) return "lateralVentricle";
  if (r < 2 && Math.abs(a) < 7 && Math.abs(s + 5) < 4) return merged ? "lateralVentricle" : "otherVentricle";
  if (r < 3 && Math.abs(a - 11) < 6 && Math.abs(s - 5) < 3.5) return merged ? "lateralVentricle" : "cavum";
  const grey = Math.hypot((r - 11) / 8, (a - 3) / 14, (s + 3) / 7) < 1;
  if (zoned && wall < 2.5 && (grey || s < 7) && a > -6 && a < 12) return "germinalMatrix";
  return grey ? "deepGrey" : "whiteMatter";
}

/** mm outside the wall of a tube that bends outwards and down towards the back. */
function ventricleMm(r: number, a: number, s: number): number {
  const back = Math.min(1, Math.max(0, (20 - a) / 44));
  const end = Math.max(0, a - 20, -24 - a);
  const radius = 3.2 + 2.4 * back * back;
  return Math.hypot(r - (7.5 + 7 * back ** 1.5), s - (6 - 6 * back * back), end) - radius;
}
