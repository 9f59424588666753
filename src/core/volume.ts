import { type Affine, affineSpacing, type Vec3, worldAxes } from "./affine.ts";

/** Voxels of a volume: intensities as Float32Array, or as Int16Array where they are Hounsfield units; labels and masks as Uint8Array or Uint16Array. */
export type Voxels = Float32Array | Uint8Array | Uint16Array | Int16Array;

/**
 * A 3-D image on a regular grid. Voxel (x, y, z) is `data[x + shape[0] * (y + shape[1] * z)]`: x runs fastest, as in NIfTI.
 * Never modified in place once made.
 */
export interface Volume<Data extends Voxels = Float32Array> {
  readonly data: Data;
  readonly shape: Vec3;
  /** Voxel index → world millimetres, RAS+. */
  readonly affine: Affine;
}

/** Tissue or lesion labels, one small integer a voxel. */
export type LabelVolume = Volume<Uint8Array>;

/** A 2-D image, row-major: pixel (x, y) is `data[x + width * y]`. */
export interface Image<Data extends Voxels = Float32Array> {
  readonly data: Data;
  readonly width: number;
  readonly height: number;
}

export type Plane = "axial" | "coronal" | "sagittal";

/** Number of voxels of a shape. */
export function voxelCount(shape: Vec3): number {
  return shape[0] * shape[1] * shape[2];
}

/** Calls `visit(index, x, y, z)` for every voxel, in array order. */
export function forEachVoxel(shape: Vec3, visit: (index: number, x: number, y: number, z: number) => void): void {
  let i = 0;
  for (let z = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, i++) visit(i, x, y, z);
    }
  }
}

/** The plane whose normal is each world axis. */
const planeOfNormal: readonly Plane[] = ["sagittal", "coronal", "axial"];

/** Whether a grid is a stack of thick slices: its largest spacing is at least 1.5 times both others. */
export function isThickStack(affine: Affine): boolean {
  const [, middle, largest] = [...affineSpacing(affine)].sort((a, b) => a - b);
  return largest! >= 1.5 * middle!;
}

/** What a volume lies on. */
type VolumeGrid = Pick<Volume<Voxels>, "shape" | "affine">;

/** The array axis across a lone slice, which alone has one voxel along it; null for a volume or a stack. */
export function flatAxisOf(shape: Vec3): 0 | 1 | 2 | null {
  const axis = shape.indexOf(1);
  return axis < 0 || axis !== shape.lastIndexOf(1) ? null : (axis as 0 | 1 | 2);
}

/**
 * The array axis along which a volume was sliced: the one across a lone slice, the one with the largest spacing if it
 * {@link isThickStack}, else (near-isotropic) the one nearest to inferior-superior, so that slices are axial.
 */
export function sliceAxis({ shape, affine }: VolumeGrid): 0 | 1 | 2 {
  const flat = flatAxisOf(shape);
  if (flat !== null) return flat;
  const spacing = affineSpacing(affine);
  if (isThickStack(affine)) return spacing.indexOf(Math.max(...spacing)) as 0 | 1 | 2;
  return worldAxes(affine).indexOf(2) as 0 | 1 | 2;
}

/** The anatomical plane that the slices of a volume along an array axis lie nearest to; by default along its {@link sliceAxis}. */
export function slicePlane(grid: VolumeGrid, axis = sliceAxis(grid)): Plane {
  return planeOfNormal[worldAxes(grid.affine)[axis]!]!;
}

/**
 * Slice `index` along array axis `axis`; the other two axes keep their order, the first becoming x.
 * @throws {RangeError} If the index is outside the volume.
 */
export function extractSlice<Data extends Voxels>(volume: Volume<Data>, axis: 0 | 1 | 2, index: number): Image<Data> {
  const { shape, data } = volume;
  if (!Number.isInteger(index) || index < 0 || index >= shape[axis]) {
    throw new RangeError(`extractSlice: index must be in [0, ${shape[axis]}); got ${index}`);
  }
  const [u, v] = inPlaneAxes(axis);
  const stride = [1, shape[0], shape[0] * shape[1]] as const;
  const width = shape[u];
  const height = shape[v];
  const out = new (data.constructor as new (n: number) => Data)(width * height);
  const base = index * stride[axis];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out[x + width * y] = data[base + x * stride[u] + y * stride[v]]!;
  }
  return { data: out, width, height };
}

/** Writes an image back as slice `index` of an array of voxels that is being filled. The inverse of {@link extractSlice}. */
export function insertSlice(target: Voxels, shape: Vec3, axis: 0 | 1 | 2, index: number, image: Image<Voxels>): void {
  const [u, v] = inPlaneAxes(axis);
  const stride = [1, shape[0], shape[0] * shape[1]] as const;
  const base = index * stride[axis];
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) target[base + x * stride[u] + y * stride[v]] = image.data[x + image.width * y]!;
  }
}

/** The two array axes of a slice, x first. */
export function inPlaneAxes(axis: 0 | 1 | 2): readonly [0 | 1, 1 | 2] {
  return axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1];
}
