import { type Affine, affineSpacing, applyAffine, composeAffine, invertAffine, type Vec3, worldAxes } from "../../core/affine.ts";
import { boxAround, forEachVoxelIn, type GridBox } from "../../core/box.ts";
import { connectedComponents } from "../../core/components.ts";
import { distanceNear, signedDistance } from "../../core/distance.ts";
import { tissues } from "../../core/tissue.ts";
import { addScaled, dot, unitVector } from "../../core/vector.ts";
import { flatAxisOf, forEachVoxel, type LabelVolume } from "../../core/volume.ts";
import { UnfitError } from "../unfit.ts";
import { fitHeadFrame, type HeadFrame, type Side, sides, signOf } from "./midplane.ts";

/** One lateral ventricle and what lies around it, on the label map's grid. */
export interface SideAnatomy {
  readonly side: Side;
  /** 1 in the lumen of this side's lateral ventricle. */
  readonly lumen: Uint8Array;
  readonly lumenMl: number;
  /** mm to the lumen's wall, negative inside; Infinity farther out than 10 mm from its bounding box. */
  readonly wallMm: Float32Array;
  /** The same within 3 mm of the wall, blurred by 0.7 voxels: labels are steps, and what is painted up to them would show it. Else 3 or -3. */
  readonly smoothWallMm: Float32Array;
  /** Voxels from `low` to `high` (included) around the lumen and 10 mm on: all that lies against this ventricle. */
  readonly box: GridBox;
  /** mm anterior of the lumen's hindmost and foremost voxel. */
  readonly back: number;
  readonly front: number;
  /** Centre (mm lateral, mm superior) of the lumen's upper part, by mm from `back`; the temporal horn is left out. */
  readonly centres: readonly (readonly [number, number])[];
}

/** What the site priors are made from. Nothing here is random. */
export interface Anatomy {
  readonly tissue: LabelVolume;
  readonly spacing: Vec3;
  /** The array axis across a lone slice; null for a volume or a stack. */
  readonly flatAxis: 0 | 1 | 2 | null;
  readonly frame: HeadFrame;
  /** Voxel index → head coordinates (mm right, anterior, superior). */
  readonly toHead: Affine;
  /** mm to the nearest voxel of deep grey; Infinity far from it, and everywhere if there is none. */
  readonly deepGreyMm: Float32Array;
  readonly left: SideAnatomy;
  readonly right: SideAnatomy;
}

/**
 * Reads the anatomy of a label map.
 *
 * Schemes that give all ventricles one label are told apart by place: near the midline and in small parts it is the third
 * ventricle, the fourth or the cavum.
 *
 * A lone slice (one voxel along an axis) may show one ventricle only: the other side's lumen is empty then. A sagittal one shows
 * the side that the world's x axis says, the right one in the midline.
 *
 * @throws {UnfitError} If a side has hardly any lateral ventricle, or there is hardly any brain.
 */
export function readAnatomy(tissue: LabelVolume): Anatomy {
  const flatAxis = flatAxisOf(tissue.shape);
  const frame = isSagittal(tissue, flatAxis) ? sagittalFrame(tissue) : fitHeadFrame(tissue);
  const toHead = composeAffine(frame, tissue.affine);
  const spacing = affineSpacing(tissue.affine);
  const deepGreyMm = distanceNear((i) => tissue.data[i] === tissues.deepGrey, tissue.shape, spacing, nearMm);
  const lumens = { left: lumenOfSide(tissue, spacing, toHead, "left"), right: lumenOfSide(tissue, spacing, toHead, "right") };
  refuseSmall(lumens, spacing, flatAxis);
  const side = (name: Side) => readSide(tissue, spacing, toHead, name, lumens[name]);
  return { tissue, spacing, flatAxis, frame, toHead, deepGreyMm, left: side("left"), right: side("right") };
}

function isSagittal({ affine }: LabelVolume, flatAxis: Anatomy["flatAxis"]): boolean {
  return flatAxis !== null && worldAxes(affine)[flatAxis] === 0;
}

/** World axes; a slice within 3 mm of the midline, where no side can be told, counts as 10 mm to the right. */
function sagittalFrame({ affine, shape }: LabelVolume): HeadFrame {
  const [x] = applyAffine(affine, shape.map((n) => (n - 1) / 2) as unknown as Vec3);
  return [1, 0, 0, Math.abs(x) < 3 ? 10 - x : 0, 0, 1, 0, 0, 0, 0, 1, 0];
}

/** A vector without its part across a lone slice; the vector itself in a volume. May be 0. */
export function inSlice({ flatAxis, tissue }: Pick<Anatomy, "flatAxis" | "tissue">, v: Vec3): Vec3 {
  if (flatAxis === null) return v;
  const { affine } = tissue;
  const across = unitVector([affine[flatAxis]!, affine[4 + flatAxis]!, affine[8 + flatAxis]!]);
  return addScaled(v, across, -dot(v, across));
}

/** Distances are measured this far out, mm: farther than any prior looks. */
const nearMm = 10;
/** A lateral ventricle smaller than this is taken for a broken label map. Normal ones hold 1 ml and more at 20 weeks. */
const minimumMl = 0.15;
/**
 * Schemes with one label for all ventricles are told by fluid in the midline: more than this, in ml within 1 mm of it.
 * Then what lies nearer to the midline than `midlineMm` is third ventricle or cavum (the cavum is 7-8 mm wide at 24-32 weeks),
 * but for voxels within `clingMm` of what is farther out. Tried against CRL's labels 92/93.
 */
const mergedMl = 0.1;
const midlineMm = 4;
const clingMm = 0.8;

/** A ventricle smaller than this in a lone slice is taken for none, mm². */
const minimumMm2 = 12;

/** Both sides of a volume must have a lumen, one of a lone slice; what is too small there is emptied. */
function refuseSmall(lumens: Readonly<Record<Side, Uint8Array>>, spacing: Vec3, flatAxis: Anatomy["flatAxis"]): void {
  const voxelMl = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const size = (side: Side) => lumens[side].reduce((sum, v) => sum + v, 0) * voxelMl;
  if (flatAxis !== null) {
    const areas = sides.map((side) => (1000 * size(side)) / spacing[flatAxis]);
    for (const [i, side] of sides.entries()) if (areas[i]! < minimumMm2) lumens[side].fill(0);
    if (Math.max(...areas) >= minimumMm2) return;
    const got = areas.map((mm2) => mm2.toFixed(0)).join(" and ");
    throw new UnfitError(`a lone slice must show a lateral ventricle of at least ${minimumMm2} mm2; got ${got}, left and right`);
  }
  for (const side of sides) {
    const ml = size(side);
    if (ml >= minimumMl) continue;
    throw new UnfitError(
      `the ${side} lateral ventricle must be labelled and hold at least ${minimumMl} ml; got ${ml.toFixed(2)} ml`,
    );
  }
}

function readSide(tissue: LabelVolume, spacing: Vec3, toHead: Affine, side: Side, lumen: Uint8Array): SideAnatomy {
  const voxelMl = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  const lumenMl = lumen.reduce((sum, v) => sum + v, 0) * voxelMl;
  const wallMm = signedDistance((i) => lumen[i] === 1, tissue.shape, spacing, nearMm);
  const box = boxAround(lumen, tissue.shape, spacing, nearMm);
  return {
    side,
    lumen,
    lumenMl,
    wallMm,
    smoothWallMm: smoothed(wallMm, tissue.shape, spacing, box),
    box,
    ...sectionsOf(lumen, tissue.shape, toHead, side),
  };
}

function lumenOfSide({ data, shape }: LabelVolume, spacing: Vec3, toHead: Affine, side: Side): Uint8Array {
  const candidate = new Uint8Array(data.length);
  const core = new Uint8Array(data.length);
  const sign = signOf(side);
  let midline = 0;
  forEachVoxel(shape, (i, x, y, z) => {
    if (data[i] !== tissues.lateralVentricle) return;
    const lateral = sign * (toHead[0] * x + toHead[1] * y + toHead[2] * z + toHead[3]);
    if (Math.abs(lateral) < 1) midline++;
    if (lateral <= 0) return;
    candidate[i] = 1;
    if (lateral >= midlineMm) core[i] = 1;
  });
  if ((midline * spacing[0] * spacing[1] * spacing[2]) / 1000 < mergedMl) core.set(candidate);
  const { labels, sizes } = connectedComponents((i) => core[i] === 1, shape, "corners");
  const enough = 0.15 * Math.max(...sizes);
  const kept = distanceNear((i) => labels[i]! > 0 && sizes[labels[i]!]! >= enough, shape, spacing, clingMm);
  return candidate.map((v, i) => (v === 1 && kept[i]! <= clingMm ? 1 : 0));
}

/** Where a coronal slice is taken to lie, as a share of the ventricle's length from behind, and that length, mm. */
const notchShare = 0.56;
const usualLengthMm = 45;

/** Ends of the lumen along the head, and the centre of its upper part in each millimetre between them. */
function sectionsOf(lumen: Uint8Array, shape: Vec3, toHead: Affine, side: Side): Pick<SideAnatomy, "back" | "front" | "centres"> {
  const sign = signOf(side);
  const points: Vec3[] = [];
  forEachVoxel(shape, (i, x, y, z) => {
    if (lumen[i] === 1) points.push(headPoint(toHead, x, y, z));
  });
  if (points.length === 0) return { back: 0, front: 1, centres: [[0, 0]] };
  const anterior = points.map((p) => p[1]);
  const ends = [anterior.reduce((a, b) => Math.min(a, b)), anterior.reduce((a, b) => Math.max(a, b))] as const;
  // A coronal slice does not say how far along it lies: it is taken to show the caudothalamic notch.
  const isCut = ends[1] - ends[0] < 3;
  const back = isCut ? ends[0] - notchShare * usualLengthMm : ends[0];
  const front = isCut ? back + usualLengthMm : ends[1];
  const bins = Array.from({ length: Math.floor(front - back) + 1 }, () => ({ top: -Infinity, lateral: 0, superior: 0, n: 0 }));
  const binOf = (p: Vec3) => bins[Math.floor(p[1] - back)]!;
  for (const p of points) binOf(p).top = Math.max(binOf(p).top, p[2]);
  const depth = isCut ? Infinity : 0.3 * (front - back); // the temporal horn hangs lower than this under the body
  for (const p of points) {
    const bin = binOf(p);
    if (p[2] < bin.top - depth) continue;
    bin.lateral += sign * p[0];
    bin.superior += p[2];
    bin.n++;
  }
  const filled = bins.map((bin) => (bin.n > 0 ? ([bin.lateral / bin.n, bin.superior / bin.n] as const) : null));
  // Thick slices leave bins empty: those take the nearest filled one.
  const centres = filled.map((own, i) => own ?? nearestFilled(filled, i));
  return { back, front, centres };
}

function nearestFilled<T>(items: readonly (T | null)[], index: number): T {
  for (let step = 1; step < items.length; step++) {
    const found = items[index - step] ?? items[index + step];
    if (found != null) return found;
  }
  throw new RangeError("nearestFilled: all empty");
}

/** The voxels within `reachMm` of a place of the world along each array axis. */
export function boxAbout(world: Vec3, reachMm: number, { tissue, spacing }: Pick<Anatomy, "tissue" | "spacing">): GridBox {
  const voxel = applyAffine(invertAffine(tissue.affine), world);
  return {
    low: voxel.map((v, a) => Math.max(0, Math.floor(v - reachMm / spacing[a]!))) as unknown as Vec3,
    high: voxel.map((v, a) => Math.min(tissue.shape[a]! - 1, Math.ceil(v + reachMm / spacing[a]!))) as unknown as Vec3,
  };
}

/** Blur by (1 2 1) / 4, whose deviation is 0.7 voxels, along each axis but that of thick slices. Distances are cut to 3 mm first. */
function smoothed(wallMm: Float32Array, shape: Vec3, spacing: Vec3, { low, high }: GridBox): Float32Array {
  let from = wallMm.map((mm) => (mm > 3 ? 3 : mm < -3 ? -3 : mm));
  const stride = [1, shape[0], shape[0] * shape[1]];
  for (const axis of [0, 1, 2]) {
    if (spacing[axis]! > 1.5 * Math.min(...spacing)) continue;
    const step = stride[axis]!;
    const last = shape[axis]! - 1;
    const to = from.slice();
    forEachVoxelIn({ shape }, { low, high }, (i, x, y, z) => {
      const at = axis === 0 ? x : axis === 1 ? y : z;
      if (at > 0 && at < last) to[i] = (from[i - step]! + 2 * from[i]! + from[i + step]!) / 4;
    });
    from = to;
  }
  return from;
}

/** Head coordinates of a voxel. */
export function headPoint(toHead: Affine, x: number, y: number, z: number): Vec3 {
  return [
    toHead[0] * x + toHead[1] * y + toHead[2] * z + toHead[3],
    toHead[4] * x + toHead[5] * y + toHead[6] * z + toHead[7],
    toHead[8] * x + toHead[9] * y + toHead[10] * z + toHead[11],
  ];
}

/** Where a voxel lies about its side's ventricle. */
export interface VentriclePlace {
  /** 0 at the hind end of the lateral ventricle, 1 at the front. */
  readonly along: number;
  /** mm lateral and superior of the ventricle's centre in its coronal section. */
  readonly lateral: number;
  readonly superior: number;
}

/** The place of head coordinates about the ventricle of a side. */
export function placeOf(side: SideAnatomy, head: Vec3): VentriclePlace {
  const bin = Math.min(side.centres.length - 1, Math.max(0, Math.floor(head[1] - side.back)));
  const [lateral, superior] = side.centres[bin]!;
  return {
    along: (head[1] - side.back) / Math.max(1, side.front - side.back),
    lateral: signOf(side.side) * head[0] - lateral,
    superior: head[2] - superior,
  };
}
