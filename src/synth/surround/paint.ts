import { type Affine, affineSpacing, applyAffine, invertAffine, type Vec3 } from "../../core/affine.ts";
import { boxOf, type GridBox } from "../../core/box.ts";
import type { Volume } from "../../core/volume.ts";
import type { Acquisition } from "../acquisition/draw.ts";
import type { Scene } from "../scene.ts";
import { makeCanvas, paintSolid } from "./canvas.ts";
import { coarseAt } from "./coarse.ts";
import type { Surround, Uterus } from "./draw.ts";
import { paintShell } from "./head.ts";
import { type SeenRows, seenRows } from "./seen.ts";
import type { Solid } from "./solid.ts";
import { makeTexture } from "./texture.ts";
import { paintWomb, wombFields } from "./womb.ts";

/**
 * Paints what lies around a head and returns the scene on a larger grid of the same voxels.
 *
 * Voxels of the brain (tissue other than background) keep their values to the bit. Background that the scene already fills keeps its own too,
 * but for partly filled voxels at its outside, and where that is a skull and scalp (as a phantom has), no other is painted. Everything painted has tissue background and no blood.
 * @param scans - Only what these can read is painted around the head, in half the time; null for everything. They come out the same.
 *
 * With kind `none`, or when the surround is drawn as masked, stacks of the result come masked; see {@link Scene}.
 */
export function paintSurround(scene: Scene, surround: Surround, scans: readonly Acquisition[] | null = null): Scene {
  if (surround.kind === "none") return { ...maskedBrain(scene), maskMarginMm: 0 };
  const grid = largerGrid(scene.image, surround);
  const image = placed(scene.image, grid);
  const tissue = placed(scene.tissue, grid);
  const given = { low: grid.offset, high: grid.offset.map((n, i) => n + scene.image.shape[i]! - 1) as unknown as Vec3 };
  paintUterus(image, tissue, surround, seenRows(grid, scans), given);
  return {
    image,
    tissue,
    lesion: scene.lesion === null ? null : placed(scene.lesion, grid),
    ...(surround.maskMarginMm === null ? {} : { maskMarginMm: surround.maskMarginMm }),
  };
}

function maskedBrain(scene: Scene): Scene {
  const { tissue } = scene;
  return { ...scene, image: { ...scene.image, data: scene.image.data.map((v, i) => (tissue.data[i] === 0 ? 0 : v)) } };
}

interface Grid {
  readonly shape: Vec3;
  readonly affine: Affine;
  /** Voxel of the large grid that voxel 0 of the old one becomes. */
  readonly offset: Vec3;
}

/** The old grid grown by whole voxels until it covers the field; never smaller than it was. */
function largerGrid({ shape, affine }: Volume, { fieldMm, centre }: Uterus): Grid {
  const spacing = affineSpacing(affine);
  const middle = applyAffine(invertAffine(affine), centre);
  const before = ([0, 1, 2] as const).map((i) => Math.max(0, Math.ceil(fieldMm / 2 / spacing[i] - middle[i])));
  const after = ([0, 1, 2] as const).map((i) => Math.max(0, Math.ceil(fieldMm / 2 / spacing[i] + middle[i]) - shape[i] + 1));
  const origin = applyAffine(affine, before.map((n) => -n) as unknown as Vec3);
  return {
    shape: shape.map((n, i) => n + before[i]! + after[i]!) as unknown as Vec3,
    affine: affine.map((v, i) => (i % 4 === 3 ? origin[(i - 3) / 4]! : v)) as unknown as Affine,
    offset: before as unknown as Vec3,
  };
}

/** A volume copied into a larger grid, 0 around it. */
function placed<Data extends Float32Array | Uint8Array>(volume: Volume<Data>, grid: Grid): Volume<Data> {
  const [nx, ny, nz] = volume.shape;
  const [gx, gy, gz] = grid.shape;
  const data = new (volume.data.constructor as new (n: number) => Data)(gx * gy * gz);
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const from = nx * (j + ny * k);
      data.set(volume.data.subarray(from, from + nx), grid.offset[0] + gx * (j + grid.offset[1] + gy * (k + grid.offset[2])));
    }
  }
  return { data, shape: grid.shape, affine: grid.affine };
}

/**
 * Fills `image` around the head; the head's own voxels come out as they went in.
 * @param given - Where the scene lies that came in: all else is empty, and is not searched.
 */
function paintUterus(
  image: Volume<Float32Array>,
  tissue: Volume<Uint8Array>,
  uterus: Uterus,
  seen: SeenRows,
  given: GridBox,
): void {
  const { data, shape } = image;
  const own = new Uint8Array(data.length);
  forRows(given, shape, (start, end) => {
    for (let i = start; i < end; i++) own[i] = data[i]! > 0 || tissue.data[i]! > 0 ? 1 : 0;
  });
  const box = boxOf(own, shape)!; // a scene has a brain
  const kept = keepOwn(data, own, box, shape);
  const rim = findRim(data, own, tissue.data, box, shape);
  const isHead = (index: number): boolean => own[index] === 1;
  const canvas = makeCanvas(data, image, uterus.centre, seen);
  const texture = makeTexture(uterus.seed);
  const fields = wombFields(canvas, isHead, uterus, texture);
  const share = (value: number) => Math.min(1, Math.max(0, value));
  const allowed: Partial<Record<Solid["part"], (i: number, j: number, k: number) => number>> = {
    mother: (i, j, k) => share(coarseAt(fields.uterus, i, j, k)),
    floating: (i, j, k) => share(-coarseAt(fields.sac, i, j, k)),
  };
  paintWomb(canvas, fields, uterus, texture);
  for (const part of ["mother", "floating", "fetus", "organ", "blob"] as const) {
    for (const solid of uterus.solids) if (solid.part === part) paintSolid(canvas, solid, texture, allowed[part] ?? null);
  }
  if (shellThickness(own, tissue, canvas.spacing, box) < ownSkullMm)
    paintShell(canvas, isHead, box, uterus, fields.body, texture);
  putBack(data, own, kept, rim, box, shape);
}

/** Puts the head's own voxels back over what was painted; those of the rim, which it fills in part, into it. */
function putBack(data: Float32Array, own: Uint8Array, kept: Float32Array, rim: Rim, box: GridBox, shape: Vec3): void {
  let [n, r] = [0, 0];
  forRows(box, shape, (start, end) => {
    for (let i = start; i < end; i++) {
      if (own[i] === 0) continue;
      const given = kept[n++]!;
      data[i] = rim.index[r] === i ? given + (1 - rim.coverage[r++]!) * data[i]! : given;
    }
  });
}

/** Calls `row` with the first index and the one after the last of each row of a box, in the order of the array. */
function forRows({ low, high }: GridBox, [nx, ny]: Vec3, row: (start: number, end: number) => void): void {
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const start = nx * (j + ny * k);
      row(start + low[0], start + high[0] + 1);
    }
  }
}

/** Voxels at the outside of the head that it fills only in part, by index, with the share that it fills. */
interface Rim {
  readonly index: Int32Array;
  readonly coverage: Float32Array;
}

/** How deep partly filled voxels may lie, voxels. */
const rimDepth = 2;

/**
 * The rim of a head that stands in empty space. What is half scalp and half nothing is dark: left so, it would draw a line around the head.
 * How full such a voxel is shows against the brightest background voxel near it.
 */
function findRim(data: Float32Array, own: Uint8Array, tissue: Uint8Array, box: GridBox, shape: Vec3): Rim {
  const [nx, ny] = shape;
  const span = Array.from({ length: 2 * rimDepth + 1 }, (_, i) => i - rimDepth);
  const around = span.flatMap((k) => span.flatMap((j) => span.map((i) => i + nx * (j + ny * k))));
  const index: number[] = [];
  const coverage: number[] = [];
  forRows(box, shape, (start, end) => {
    for (let i = start; i < end; i++) {
      if (own[i] === 0 || tissue[i] !== 0) continue;
      let brightest = 0;
      let isOutside = false;
      for (const d of around) {
        if (own[i + d] === 0) isOutside = true;
        else if (tissue[i + d] === 0) brightest = Math.max(brightest, data[i + d]!);
      }
      if (!isOutside) continue;
      index.push(i);
      coverage.push(Math.min(1, data[i]! / brightest));
    }
  });
  return { index: Int32Array.from(index), coverage: Float32Array.from(coverage) };
}

/** A given scene whose signal reaches this far beyond the brain (mean, mm) brings its own skull and scalp. */
const ownSkullMm = 2;

/** Mean thickness of the given signal outside the brain, mm: its volume over the area of the brain's border. */
function shellThickness(own: Uint8Array, tissue: Volume<Uint8Array>, spacing: Vec3, box: GridBox): number {
  const { data, shape } = tissue;
  const step = [1, shape[0], shape[0] * shape[1]] as const;
  const face = [spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1]] as const;
  const voxel = spacing[0] * spacing[1] * spacing[2];
  let volume = 0;
  let area = 0;
  // From one before the box, so that its lower faces count.
  forRows({ low: box.low.map((v) => Math.max(0, v - 1)) as unknown as Vec3, high: box.high }, shape, (start, end) => {
    for (let i = start; i < end; i++) {
      const isBrain = data[i] !== 0;
      if (own[i] === 1 && !isBrain) volume += voxel;
      for (let axis = 0; axis < 3; axis++) if (isBrain !== (data[i + step[axis]!] ?? 0) > 0) area += face[axis]!;
    }
  });
  return volume / Math.max(voxel, area / 1.5); // a digital sphere's faces are 1.5 times its area
}

/** The values of the head's own voxels, in order. */
function keepOwn(data: Float32Array, own: Uint8Array, box: GridBox, shape: Vec3): Float32Array {
  let count = 0;
  forRows(box, shape, (start, end) => {
    for (let i = start; i < end; i++) count += own[i]!;
  });
  const kept = new Float32Array(count);
  let n = 0;
  forRows(box, shape, (start, end) => {
    for (let i = start; i < end; i++) if (own[i] === 1) kept[n++] = data[i]!;
  });
  return kept;
}
