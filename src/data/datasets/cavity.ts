import { affineSpacing } from "../../core/affine.ts";
import { connectedComponents } from "../../core/components.ts";
import { distanceTo } from "../../core/distance.ts";
import type { Volume } from "../../core/volume.ts";

/** Width that blocks of pixels are averaged over before the search, mm: fine enough for a border, and noise is gone. */
const blockMm = 2;
/** From here on an averaged block is bone, HU; thin temples average to little more. */
const boneHu = 160;
/** What brain, fluid and blood average to, HU; fat and air lie below, calcium above. */
const softHu = [-25, 105] as const;
/** Below this a pixel at the edge is no bone, HU: blood and noise. */
const edgeHu = 150;
/** Half the width of a gap in the bone that is closed, and how far in the search for the largest piece begins, mm. */
const [gapMm, coreMm] = [6, 4];
/** Volumes of the inside of a head, ml; what is outside was not found. Ours: from a newborn to more than any adult, and a part of a head. */
const plausibleMl = [100, 2200] as const;

/**
 * The inside of the skull in an axial head CT: what bone encloses in each slice once its gaps are closed, of brain's attenuation, the largest piece of it in space, with what
 * lies within it. Sets of head CT come without such a mask, and training and prediction need to know where blood can be.
 *
 * Our own rule of thumb: closing, the largest component after erosion, and filling, as threshold methods do (Muschelli et al. 2015, doi:10.1016/j.neuroimage.2015.03.074). It was not compared with
 * masks drawn by hand. A skull that is open far (after surgery, in a newborn) loses slices.
 *
 * @param image - HU; the third axis runs through the slices.
 * @returns 0 and 1 on the image's grid, or null where nothing of a head's size was found.
 */
export function skullCavity(image: Volume): Volume<Uint8Array> | null {
  const spacing = affineSpacing(image.affine);
  const blocks = averaged(image, [Math.max(1, Math.round(blockMm / spacing[0])), Math.max(1, Math.round(blockMm / spacing[1]))]);
  const [width, height] = blocks.shape;
  const pixel = [spacing[0] * blocks.by[0], spacing[1] * blocks.by[1]] as const;
  const planes = Array.from({ length: image.shape[2] }, (_, k) =>
    softInside(blocks.data.subarray(k * width * height, (k + 1) * width * height), [width, height], pixel),
  );
  const core = largest(planes, [width, height]);
  const found = planes.map(({ enclosed }, k) => grown(core[k]!, enclosed, [width, height], pixel));
  const out = drawn(found, [width, height], blocks.by, image);
  const ml = (out.reduce((sum, value) => sum + value, 0) * spacing[0] * spacing[1] * spacing[2]) / 1000;
  return ml < plausibleMl[0] || ml > plausibleMl[1] ? null : { data: out, shape: image.shape, affine: image.affine };
}

/** The blocks in pixels; in the blocks beside them, which hold the edge of the bone, the pixels that are no bone. */
function drawn(blocks: readonly Uint8Array[], [width, height]: Size, by: Size, { data, shape }: Volume): Uint8Array {
  const [columns, rows] = shape;
  return Uint8Array.from(data, (value, i) => {
    const plane = blocks[Math.floor(i / (columns * rows))]!;
    const x = Math.min(width - 1, Math.floor((i % columns) / by[0]));
    const y = Math.min(height - 1, Math.floor((Math.floor(i / columns) % rows) / by[1]));
    const at = x + width * y;
    if (plane[at] === 1) return 1;
    const isBeside = (x > 0 && plane[at - 1] === 1) || (x < width - 1 && plane[at + 1] === 1) || plane[at - width] === 1 || plane[at + width] === 1; // biome-ignore format: one line
    return isBeside && value > softHu[0] && value < edgeHu ? 1 : 0;
  });
}

type Size = readonly [width: number, height: number];

/** Means of whole blocks of pixels; a rest at the far edges is left out. */
function averaged({ data, shape: [columns, rows, slices] }: Volume, by: Size) {
  const [width, height] = [Math.max(1, Math.floor(columns / by[0])), Math.max(1, Math.floor(rows / by[1]))];
  const out = new Float32Array(width * height * slices);
  for (let k = 0; k < slices; k++)
    for (let y = 0; y < height * by[1] && y < rows; y++)
      for (let x = 0; x < width * by[0] && x < columns; x++)
        out[Math.floor(x / by[0]) + width * (Math.floor(y / by[1]) + height * k)]! += data[x + columns * (y + rows * k)]!;
  return { data: out.map((sum) => sum / (by[0] * by[1])), shape: [width, height, slices] as const, by };
}

/** Of one slice: what closed bone encloses, and the core of what in it is brain by its attenuation. */
function softInside(hu: Float32Array, size: Size, pixel: Size) {
  const isBone = (i: number) => hu[i]! >= boneHu;
  const near = distanceTo(isBone, [...size, 1], [...pixel, 1]);
  const outside = fromBorder((i) => near[i]! > gapMm, size);
  const deep = distanceTo((i) => outside[i] === 1, [...size, 1], [...pixel, 1]);
  const enclosed = Uint8Array.from(hu, (_, i) => (deep[i]! > gapMm && !isBone(i) ? 1 : 0));
  const isSoft = (i: number) => enclosed[i] === 1 && hu[i]! >= softHu[0] && hu[i]! <= softHu[1];
  const edge = distanceTo((i) => !isSoft(i), [...size, 1], [...pixel, 1]);
  return { enclosed, core: Uint8Array.from(hu, (_, i) => (edge[i]! > coreMm ? 1 : 0)) };
}

/** The largest piece of the cores of all slices, slice by slice. */
function largest(planes: readonly { readonly core: Uint8Array }[], [width, height]: Size): Uint8Array[] {
  const area = width * height;
  const { labels, sizes } = connectedComponents((i) => planes[Math.floor(i / area)]!.core[i % area] === 1, [width, height, planes.length], "faces"); // biome-ignore format: one line
  const best = sizes.indexOf(sizes.reduce((a, b) => Math.max(a, b), 1)); // -1 where there is none
  return planes.map((_, k) => Uint8Array.from({ length: area }, (__, i) => (labels[k * area + i] === best ? 1 : 0)));
}

/** A core as far as it was cut back, within what bone encloses, with the holes that it surrounds. */
function grown(core: Uint8Array, enclosed: Uint8Array, size: Size, pixel: Size): Uint8Array {
  const far = distanceTo((i) => core[i] === 1, [...size, 1], [...pixel, 1]);
  const inside = core.map((_, i) => (enclosed[i] === 1 && far[i]! <= coreMm + pixel[0] ? 1 : 0));
  const beyond = fromBorder((i) => inside[i] === 0, size);
  return inside.map((_, i) => 1 - beyond[i]!);
}

/** What is reached from the border of a slice over free pixels, by their sides. */
export function fromBorder(free: (i: number) => boolean, [width, height]: Size): Uint8Array {
  const reached = new Uint8Array(width * height);
  const waiting: number[] = [];
  const reach = (i: number) => {
    if (reached[i] === 1 || !free(i)) return;
    reached[i] = 1;
    waiting.push(i);
  };
  for (let x = 0; x < width; x++) for (const y of [0, height - 1]) reach(x + width * y);
  for (let y = 0; y < height; y++) for (const x of [0, width - 1]) reach(x + width * y);
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    if (i % width > 0) reach(i - 1);
    if (i % width < width - 1) reach(i + 1);
    if (i >= width) reach(i - width);
    if (i < width * (height - 1)) reach(i + width);
  }
  return reached;
}
