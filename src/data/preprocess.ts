import { z } from "zod";
import { type Affine, affineSpacing, worldAxes } from "../core/affine.ts";
import { UserError } from "../core/errors.ts";
import { movedRectangle, type Rectangle } from "../core/rectangle.ts";
import {
  extractSlice,
  type Image,
  inPlaneAxes,
  insertSlice,
  type Plane,
  sliceAxis,
  slicePlane,
  type Volume,
  type Voxels,
  voxelCount,
} from "../core/volume.ts";
import type { Modality } from "./dataset.ts";
import { nearestImage, resizeImage } from "./resample.ts";

/** Options of {@link prepareStack}; the `preprocess` section of a config. Kept in model.json: predict uses what train used. */
export const preprocessOptions = z.strictObject({
  /** In-plane pixel size that the network sees, mm. */
  pixelMm: z.number().min(0.1).max(10).default(1).describe("in-plane pixel size that the network sees, mm"),
  /**
   * `canonical` turns slices by the header, as a radiologist hangs them: patient left to image right, anterior (axial) or superior
   * (coronal, sagittal) up, anterior to image left (sagittal). `stored` leaves the array's order, first axis to the right, second down.
   * A scanner's header tells how the mother lies, so in raw stacks the fetus still comes in every direction; atlases and reconstructions come in one.
   */
  orientation: z
    .enum(["canonical", "stored"])
    .default("canonical")
    .describe("canonical: slices turned by the header, as a radiologist hangs them; stored: as the array has them"),
  /** Intensities that become 0 and 1, in the image's own unit: of a CT in HU, [-50, 150] for centre 50 and width 200; of 8-bit ultrasound [0, 255]. */
  window: z
    .tuple([z.number().min(-1e6).max(1e6), z.number().min(-1e6).max(1e6)])
    .refine(([black, white]) => black < white, { message: "must be [black, white] with black < white" })
    .nullable()
    .default(null)
    .describe(
      "intensities that become 0 and 1, in the image's own unit, what lies beyond cut off: of a CT in HU, [-50, 150] for centre 50 and width 200; of 8-bit ultrasound [0, 255]; null: by percentiles of the volume, as MRI needs",
    ),
  /** Percentile of the non-zero voxels that becomes intensity 1. Zero is black in raw and brain-masked volumes alike. */
  whitePercentile: z
    .number()
    .min(50)
    .max(100)
    .default(98)
    .describe("percentile of the non-zero voxels that becomes intensity 1; not with window"),
  /** Intensities above this, after scaling, are cut off. 1 is the white percentile. */
  clip: z
    .number()
    .min(1)
    .max(16)
    .default(3)
    .describe("intensities above this, after scaling, are cut off; 1 is the white percentile; not with window"),
});
export type PreprocessOptions = z.output<typeof preprocessOptions>;

/** A volume as the network sees it, slice by slice. */
export interface PreparedStack {
  /** The array axis that the slices run along. */
  readonly axis: 0 | 1 | 2;
  readonly plane: Plane;
  /** Slice i is array index i along `axis`; all of one size, intensities in [0, clip]. */
  readonly slices: readonly Image[];
  /** True pixel size of the slices, mm, x then y: `pixelMm` up to the rounding of the image size. */
  readonly pixelMm: readonly [number, number];
  /** What intensities 0 and 1 were in the input's unit. */
  readonly range: IntensityRange;
}

/** Input intensities that become 0 and 1. Equal where the volume holds one value only: then all becomes 0. */
export interface IntensityRange {
  readonly black: number;
  readonly white: number;
}

/** How the slices of a grid are turned and resized. */
interface SliceGeometry {
  readonly axis: 0 | 1 | 2;
  /** Slices as stored, before any turn. */
  readonly stored: readonly [number, number];
  readonly turn: Turn;
  /** Slices as the network sees them. */
  readonly size: readonly [number, number];
  readonly pixelMm: readonly [number, number];
}

interface Turn {
  readonly transpose: boolean;
  /** After the transposition. */
  readonly flipX: boolean;
  readonly flipY: boolean;
}

const largestSide = 4096;

/** The window that images of a modality are looked at with; null: by percentiles. */
export const usualWindow: Readonly<Record<Modality, PreprocessOptions["window"]>> = { T2w: null, US: [0, 255], CT: [-50, 150] };

/** The intensities of a picture for the eye. */
export function forTheEye(window: PreprocessOptions["window"]): Pick<PreprocessOptions, "window" | "whitePercentile" | "clip"> {
  return { window, whitePercentile: 99.5, clip: 4 };
}

/** How a stack is laid out for the eye: its finest voxel side as the pixel, and as a radiologist hangs it. */
export function shownGeometry({ affine }: Volume): Pick<PreprocessOptions, "pixelMm" | "orientation"> {
  return { pixelMm: Math.min(10, Math.max(0.1, Math.min(...affineSpacing(affine)))), orientation: "canonical" };
}

/**
 * Cuts a volume into slices at the network's pixel size, orientation and intensity. A voxel that is not finite counts as black.
 * @param axis - Array axis to slice along; by default the one that the volume was sliced along.
 * @throws {UserError} (data) If a slice would be wider than 4096 pixels.
 */
export function prepareStack(volume: Volume, options: PreprocessOptions, axis = sliceAxis(volume)): PreparedStack {
  const geometry = sliceGeometry(volume, options, axis);
  const range = intensityRange(volume.data, options);
  const highest = options.window === null ? options.clip : 1;
  const slices = mapSlices(volume, geometry, (slice) => scaleIntensity(slice, range, highest));
  return { axis, plane: slicePlane(volume, axis), slices, pixelMm: geometry.pixelMm, range };
}

/** Cuts a mask into slices on the same pixels as {@link prepareStack} on an image of the same grid: 1 where at least half is not zero. */
export function prepareMask(
  mask: Volume<Uint8Array> | Volume<Uint16Array>,
  options: Pick<PreprocessOptions, "pixelMm" | "orientation">,
): Image<Uint8Array>[] {
  const inside = (slice: Image<Voxels>): Image => ({ ...slice, data: Float32Array.from(slice.data, (v) => (v ? 1 : 0)) });
  const shares = mapSlices(mask as Volume<Voxels>, sliceGeometry(mask, options), inside);
  return shares.map((share) => ({ ...share, data: Uint8Array.from(share.data, (v) => (v >= 0.5 ? 1 : 0)) }));
}

/** Cuts a label map into slices on the same pixels: each takes the label at its middle. */
export function prepareLabels(
  labels: Volume<Uint8Array> | Volume<Uint16Array>,
  options: Pick<PreprocessOptions, "pixelMm" | "orientation">,
): Image<Uint8Array>[] {
  const asNumbers = (slice: Image<Voxels>): Image => ({ ...slice, data: Float32Array.from(slice.data) });
  const slices = mapSlices(labels as Volume<Voxels>, sliceGeometry(labels, options), asNumbers, nearestImage);
  return slices.map((slice) => ({ ...slice, data: Uint8Array.from(slice.data) }));
}

/** Cuts a map of plain numbers, such as probabilities, into slices on the same pixels; its values are not scaled. */
export function prepareMap(map: Volume, options: Pick<PreprocessOptions, "pixelMm" | "orientation">): Image[] {
  return mapSlices(map, sliceGeometry(map, options), (slice) => slice as Image);
}

/**
 * Puts slices in the network's pixels back on the grid of `volume` (linear). The way back of {@link prepareStack}.
 * @throws {RangeError} If number or size of the slices are not what {@link prepareStack} makes of that grid.
 */
export function restoreStack(
  slices: readonly Image[],
  volume: Pick<Volume, "shape" | "affine">,
  options: PreprocessOptions,
  axis = sliceAxis(volume),
): Volume {
  const { size, stored, turn } = sliceGeometry(volume, options, axis);
  const [width, height] = turn.transpose ? [stored[1], stored[0]] : stored;
  if (slices.length !== volume.shape[axis])
    throw new RangeError(`restoreStack: needs ${volume.shape[axis]} slices; got ${slices.length}`);
  const data = new Float32Array(voxelCount(volume.shape));
  for (const [index, slice] of slices.entries()) {
    if (slice.width !== size[0] || slice.height !== size[1])
      throw new RangeError(`restoreStack: slice ${index} must be ${size.join(" x ")}; got ${slice.width} x ${slice.height}`);
    insertSlice(data, volume.shape, axis, index, turnBack(resizeImage(slice, width, height), turn));
  }
  return { data, shape: volume.shape, affine: volume.affine };
}

/** Where a rectangle of a stored slice (x the first in-plane array axis) lies in the slice that {@link prepareStack} makes of it. Pixels. */
export function prepareRectangle(
  box: Rectangle,
  grid: Pick<Volume, "shape" | "affine">,
  options: Pick<PreprocessOptions, "pixelMm" | "orientation">,
): Rectangle {
  const { turn, size, turned: from } = rectangleGeometry(grid, options);
  const laid = flipped(turn.transpose ? transposed(box) : box, turn, from);
  return movedRectangle(laid, [size[0] / from[0], size[1] / from[1]], [0, 0]);
}

/** The way back of {@link prepareRectangle}. */
export function restoreRectangle(
  box: Rectangle,
  grid: Pick<Volume, "shape" | "affine">,
  options: Pick<PreprocessOptions, "pixelMm" | "orientation">,
): Rectangle {
  const { turn, size, turned: to } = rectangleGeometry(grid, options);
  const laid = flipped(movedRectangle(box, [to[0] / size[0], to[1] / size[1]], [0, 0]), turn, to);
  return turn.transpose ? transposed(laid) : laid;
}

function rectangleGeometry(grid: Pick<Volume, "shape" | "affine">, options: Pick<PreprocessOptions, "pixelMm" | "orientation">) {
  const { stored, turn, size } = sliceGeometry(grid, options);
  return { turn, size, turned: turn.transpose ? ([stored[1], stored[0]] as const) : stored };
}

function transposed({ left, top, right, bottom }: Rectangle): Rectangle {
  return { left: top, top: left, right: bottom, bottom: right };
}

function flipped(box: Rectangle, { flipX, flipY }: Turn, [width, height]: readonly [number, number]): Rectangle {
  const across = flipX ? { left: width - box.right, right: width - box.left } : {};
  return { ...box, ...across, ...(flipY ? { top: height - box.bottom, bottom: height - box.top } : {}) };
}

/**
 * The intensities that become 0 and 1: those of the window, or by percentiles of the voxels that are finite and not zero: white is the `whitePercentile`, black
 * the 1st, but never above 0. Both are 0 where there is no such voxel. Taken from at most 2^18 voxels, evenly spaced.
 *
 * In a raw stack the brightest tissues are amniotic fluid and maternal fat, in a masked one cerebrospinal fluid; all are near each other
 * on T2, and what difference is left the training draws at random.
 *
 * @param inside - Only voxels where this is not zero count: the white point of the same volume, had it come brain-masked.
 */
export function intensityRange(
  data: Float32Array,
  options: Pick<PreprocessOptions, "whitePercentile" | "window">,
  inside?: ArrayLike<number>,
): IntensityRange {
  if (options.window !== null) return { black: options.window[0], white: options.window[1] };
  const counts = (i: number) => data[i] !== 0 && Number.isFinite(data[i]!) && (inside === undefined || inside[i] !== 0);
  let total = 0;
  for (let i = 0; i < data.length; i++) if (counts(i)) total++;
  if (total === 0) return { black: 0, white: 0 };
  const step = Math.ceil(total / 2 ** 18);
  const values = new Float32Array(Math.ceil(total / step));
  for (let i = 0, seen = 0; i < data.length; i++) if (counts(i) && seen++ % step === 0) values[(seen - 1) / step] = data[i]!;
  values.sort();
  const at = (percentile: number) => values[Math.round((percentile / 100) * (values.length - 1))]!;
  return { black: Math.min(0, at(1)), white: at(options.whitePercentile) };
}

function scaleIntensity(slice: Image<Voxels>, { black, white }: IntensityRange, clip: number): Image {
  const gain = white > black ? 1 / (white - black) : 0;
  const data = Float32Array.from(slice.data, (v) => (Number.isFinite(v) ? Math.min(clip, Math.max(0, (v - black) * gain)) : 0));
  return { ...slice, data };
}

function mapSlices(
  volume: Volume<Voxels>,
  geometry: SliceGeometry,
  convert: (slice: Image<Voxels>) => Image,
  resize: typeof resizeImage = resizeImage,
): Image[] {
  const { axis, size, turn } = geometry;
  const one = (index: number) => resize(turned(convert(extractSlice(volume, axis, index)), turn), ...size);
  return Array.from({ length: volume.shape[axis] }, (_, index) => one(index));
}

function sliceGeometry(
  grid: Pick<Volume<Voxels>, "shape" | "affine">,
  options: Pick<PreprocessOptions, "pixelMm" | "orientation">,
  axis = sliceAxis(grid),
): SliceGeometry {
  const { affine, shape } = grid;
  const [u, v] = inPlaneAxes(axis);
  const spacing = affineSpacing(affine);
  const turn = options.orientation === "stored" ? { transpose: false, flipX: false, flipY: false } : canonicalTurn(affine, axis);
  const [x, y] = turn.transpose ? [v, u] : [u, v];
  const side = (a: 0 | 1 | 2) => Math.max(1, Math.round((shape[a] * spacing[a]) / options.pixelMm));
  const size = [side(x), side(y)] as const;
  if (Math.max(...size) > largestSide)
    throw new UserError(
      "data",
      `slices of ${shape.join(" x ")} voxels of ${spacing.map((s) => Number(s.toPrecision(4))).join(" x ")} mm would be ${size.join(" x ")} pixels ` +
        `of ${options.pixelMm} mm, more than ${largestSide}. Check the spacing in the header, or raise preprocess.pixelMm.`,
    );
  const pixelMm = [(shape[x] * spacing[x]) / size[0], (shape[y] * spacing[y]) / size[1]] as const;
  return { axis, stored: [shape[u], shape[v]], turn, size, pixelMm };
}

/** Image x and y run along these world axes, in the negative direction: to patient left, posterior, inferior. Keyed by the slice normal. */
const hanging = [
  [1, 2], // sagittal: x to posterior, y to inferior
  [0, 2], // coronal: x to left, y to inferior
  [0, 1], // axial: x to left, y to posterior
] as const;

function canonicalTurn(affine: Affine, axis: 0 | 1 | 2): Turn {
  const [u, v] = inPlaneAxes(axis);
  const world = worldAxes(affine);
  const [right, down] = hanging[world[axis] as 0 | 1 | 2];
  const transpose = world[u] !== right;
  const [x, y] = transpose ? [v, u] : [u, v];
  return { transpose, flipX: affine[4 * right + x]! > 0, flipY: affine[4 * down + y]! > 0 };
}

function turned(image: Image, { transpose, flipX, flipY }: Turn): Image {
  if (!transpose && !flipX && !flipY) return image;
  const { data, width: from } = image;
  const [width, height] = transpose ? [image.height, image.width] : [image.width, image.height];
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const v = flipY ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const u = flipX ? width - 1 - x : x;
      out[x + width * y] = transpose ? data[v + from * u]! : data[u + from * v]!;
    }
  }
  return { data: out, width, height };
}

/** The inverse of {@link turned}: flips in the turned frame first, then the transposition. */
function turnBack(image: Image, { transpose, flipX, flipY }: Turn): Image {
  const flipped = turned(image, { transpose: false, flipX, flipY });
  return turned(flipped, { transpose, flipX: false, flipY: false });
}
