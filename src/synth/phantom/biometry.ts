import { affineSpacing } from "../../core/affine.ts";
import { type Tissue, tissues } from "../../core/tissue.ts";
import type { LabelVolume } from "../../core/volume.ts";
import { atrialWidthMm, slabSlices } from "../priors/atrial-width.ts";

/** Measures of a built brain, taken from its labels as a radiologist takes them from an image. mm and ml. */
export interface BiometryOfLabels {
  /** Largest left-right extent of cortex and white matter along a line square to the midline. */
  readonly brainWidth: number;
  /** Largest left-right extent inside the skull's inner table. */
  readonly innerSkullWidth: number;
  /** Width of each atrium, square to the ventricle's long axis, in the axial slice that shows most of it. */
  readonly atrialWidth: { readonly left: number; readonly right: number };
  /** Largest left-right extent of the cavum in an axial slice. */
  readonly cavumWidth: number;
  /** Largest left-right extent of the cerebellum. */
  readonly transcerebellar: number;
  /** ml of each tissue. */
  readonly volume: Readonly<Record<Tissue, number>>;
  /** ml of each lateral ventricle. */
  readonly ventricle: { readonly left: number; readonly right: number };
}

/**
 * Measures a label volume whose axes run along the world's (x to the right, y to the front, z up) and whose midline is world x = 0.
 *
 * Extents are averaged over three neighbouring lines of a 3 mm slab, as thick as a clinical slice, which takes most of the voxel grid's rounding
 * out of them. A measure of a tissue that is
 * not there is 0.
 *
 * @throws {RangeError} If the axes do not run along the world's.
 */
export function measureBiometry(labels: LabelVolume): BiometryOfLabels {
  const { affine, data } = labels;
  if ([1, 2, 4, 6, 8, 9].some((i) => affine[i] !== 0) || [0, 5, 10].some((i) => !(affine[i]! > 0))) {
    throw new RangeError(`measureBiometry: the axes must run along the world's; got affine ${affine.join(" ")}`);
  }
  const spacing = affineSpacing(affine);
  const voxel = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const counts = new Float64Array(256);
  for (const t of data) counts[t]!++;
  const volume = Object.fromEntries(Object.entries(tissues).map(([name, id]) => [name, counts[id]! * voxel]));
  return {
    brainWidth: widestExtent(labels, (t) => t === tissues.cortex || t === tissues.whiteMatter),
    innerSkullWidth: widestExtent(labels, (t) => t !== tissues.background),
    atrialWidth: { left: atrialWidth(labels, -1), right: atrialWidth(labels, 1) },
    cavumWidth: widestExtent(labels, (t) => t === tissues.cavum),
    transcerebellar: widestExtent(labels, (t) => t === tissues.cerebellum),
    volume: volume as Record<Tissue, number>,
    ventricle: { left: sideCount(labels, -1) * voxel, right: sideCount(labels, 1) * voxel },
  };
}

/** Largest left-right extent of a set, mm: from its first to its last voxel on a line, mean of three neighbouring lines of a 3 mm slab. */
function widestExtent({ data, shape: [nx, ny, nz], affine }: LabelVolume, inside: (tissue: number) => boolean): number {
  const extent = new Float64Array(ny * nz);
  for (let row = 0; row < ny * nz; row++) {
    let first = row * nx;
    const end = first + nx;
    while (first < end && !inside(data[first]!)) first++;
    let last = end - 1;
    while (last > first && !inside(data[last]!)) last--;
    extent[row] = first === end ? 0 : last - first + 1;
  }
  const deep = slabSlices(affine[10]);
  let widest = 0;
  for (let k = 0; k + deep <= nz; k++) {
    for (let j = 1; j < ny - 1; j++) {
      let sum = 0;
      for (let s = k; s < k + deep; s++) sum += extent[j - 1 + ny * s]! + extent[j + ny * s]! + extent[j + 1 + ny * s]!;
      widest = Math.max(widest, sum / (3 * deep));
    }
  }
  return widest * affine[0];
}

/** World x of column i times `side`: positive on that side (1 right, -1 left). */
const onSide = ({ affine }: LabelVolume, i: number, side: 1 | -1): boolean => side * (affine[0] * i + affine[3]) > 0;

function sideCount(labels: LabelVolume, side: 1 | -1): number {
  const nx = labels.shape[0];
  let count = 0;
  for (let n = 0; n < labels.data.length; n++)
    if (labels.data[n] === tissues.lateralVentricle && onSide(labels, n % nx, side)) count++;
  return count;
}

function atrialWidth(labels: LabelVolume, side: 1 | -1): number {
  const { data, shape, affine } = labels;
  const inside = data.map((t, n) => (t === tissues.lateralVentricle && onSide(labels, n % shape[0], side) ? 1 : 0));
  return atrialWidthMm({ inside, shape, spacing: affineSpacing(affine) });
}
