import { open, readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Affine, Vec3 } from "../core/affine.ts";
import { sha256 } from "../core/hash.ts";
import { addScaled, cross, dot } from "../core/vector.ts";
import type { Volume } from "../core/volume.ts";
import { type DicomSlice, decodeDicomSlice, isDicom } from "./dicom-slice.ts";
import { dataFault } from "./faults.ts";
import { mayBeDicom } from "./image-name.ts";
import { byCodeUnit } from "./ingest/walk.ts";
import { readRegularFile } from "./regular-file.ts";

/** A series as one volume, and what was done to make it regular. */
export interface DicomSeries {
  /** In the unit after rescaling, HU for CT; world RAS+. */
  readonly volume: Volume<Float32Array>;
  readonly modality: string;
  /** What a user should know: slices that were shifted or resampled. */
  readonly warnings: readonly { readonly rule: string; readonly message: string }[];
  /** SHA-256 over the files, in order of their names. */
  readonly sha256: string;
}

/** The files of a folder that are DICOM slices, in order of their names; those without .dcm or .ima are looked into. */
export async function dicomFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile() && mayBeDicom(entry.name) && (entry.name.includes(".") || (await hasMark(join(folder, entry.name)))))
      names.push(entry.name);
  return names.sort(byCodeUnit);
}

async function hasMark(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(132), 0, 132, 0);
    return isDicom(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/**
 * Reads the slices of a series from files and makes one volume of them.
 *
 * @param folder - Where they lie. @param files - Names in it, at least one. @param where - The folder's name for messages.
 * @throws {UserError} (data) As {@link decodeDicomSlice} and {@link volumeOfSlices}.
 */
export async function readDicomSeries(folder: string, files: readonly string[], where: string = folder): Promise<DicomSeries> {
  const slices: DicomSlice[] = [];
  const hashes: string[] = [];
  for (const file of files) {
    const bytes = await readRegularFile(join(folder, file));
    hashes.push(sha256(bytes));
    slices.push(decodeDicomSlice(bytes, posix.join(where, file)));
  }
  return { ...volumeOfSlices(slices, where), sha256: sha256(hashes.join("\n")) };
}

/** Farthest that slices may lie from an even grid along their normal, mm and as a share of the distance: rounding in the files. */
const [mostMm, mostShare] = [0.05, 0.01];

/** A slice and how far along the normal it lies, mm. */
interface Placed {
  readonly slice: DicomSlice;
  readonly at: number;
}

/**
 * Puts slices together, sorted along their normal, whatever order they come in.
 *
 * Where the gantry was tilted each slice starts a little further along than a straight stack would; slices are then shifted within their plane, by linear
 * interpolation, so that the grid has right angles. Where the distance changes along the series, slices are interpolated at the median distance. CT values below
 * -1024 HU, which scanners write outside their field of view, become -1024.
 *
 * @param where - The series' folder, for messages.
 * @throws {UserError} (data) If the slices are of several series, sizes or orientations, if two lie in the same place, or if one is missing.
 */
export function volumeOfSlices(slices: readonly DicomSlice[], where: string): Omit<DicomSeries, "sha256"> {
  const [first] = slices;
  if (first === undefined) throw dataFault(where, "must hold DICOM slices", "none", "Check the path");
  checkAlike(slices, where);
  const [u, v] = first.along;
  const normal = cross(u, v);
  const placed = slices.map((slice) => ({ slice, at: dot(slice.position, normal) })).sort((a, b) => a.at - b.at);
  const gaps = placed.slice(1).map(({ at }, i) => at - placed[i]!.at);
  checkGaps(placed, gaps, where);
  const isCt = first.modality === "CT";
  const gap =
    gaps.length === 0 ? (first.thicknessMm ?? 1) : even(gaps) ? (placed.at(-1)!.at - placed[0]!.at) / gaps.length : median(gaps);
  const [origin, ...others] = placed.map(({ slice }) => slice);
  const lean = leanOf(placed, normal, where);
  const straight = lean === null ? placed.map(({ slice }) => slice.values) : placed.map(({ slice, at }) => shifted(slice, lean, at - placed[0]!.at)); // biome-ignore format: one line
  const planes = even(gaps) ? straight : resampled(straight, placed, gap);
  const count = first.width * first.height;
  const data = new Float32Array(count * planes.length);
  for (const [k, plane] of planes.entries()) data.set(isCt ? plane.map((value) => Math.max(-1024, value)) : plane, k * count);
  const volume = { data, shape: [first.width, first.height, planes.length], affine: affineOf(origin!, normal, gap) } as const;
  return { volume, modality: first.modality, warnings: warningsOf(where, lean, gaps, gap, others.length + 1, planes.length) };
}

function warningsOf(where: string, lean: Vec3 | null, gaps: readonly number[], gap: number, from: number, to: number) {
  const warnings: { rule: string; message: string }[] = [];
  if (lean !== null) {
    const degrees = ((Math.atan(Math.hypot(...lean)) * 180) / Math.PI).toFixed(1);
    warnings.push({
      rule: "gantry-tilt",
      message: `${where}: the gantry was tilted by ${degrees} degrees; slices were shifted to a straight stack.`,
    });
  }
  if (!even(gaps)) {
    const [low, high] = [Math.min(...gaps), Math.max(...gaps)].map((mm) => mm.toFixed(2));
    const message = `${where}: slices are ${low} to ${high} mm apart; ${from} were interpolated to ${to}, ${gap.toFixed(2)} mm apart.`;
    warnings.push({ rule: "uneven-slices", message });
  }
  return warnings;
}

const near = (a: Vec3, b: Vec3, most: number) => a.every((value, i) => Math.abs(value - b[i]!) <= most);

/** One series, one size, one orientation. */
function checkAlike(slices: readonly DicomSlice[], where: string): void {
  const [first] = slices as readonly [DicomSlice, ...DicomSlice[]];
  const series = new Map<string, number>();
  for (const slice of slices) series.set(slice.series, (series.get(slice.series) ?? 0) + 1);
  if (series.size > 1) {
    const got = `${series.size} (${[...series.values()].join(", ")} files)`;
    throw dataFault(where, "a folder must hold one series", got, "Give each series a folder of its own");
  }
  for (const slice of slices) {
    if (
      slice.width !== first.width ||
      slice.height !== first.height ||
      Math.abs(slice.pixelMm[0] / first.pixelMm[0] - 1) > 1e-3
    ) {
      const size = ({ width, height, pixelMm }: DicomSlice) => `${width} x ${height} pixels of ${pixelMm[0]} mm`;
      throw dataFault(
        slice.where,
        `must be as large as the other slices, ${size(first)}`,
        size(slice),
        "Leave it out, or give it a folder of its own",
      );
    }
    if (!near(slice.along[0], first.along[0], 2e-3) || !near(slice.along[1], first.along[1], 2e-3))
      throw dataFault(
        slice.where,
        "must be turned as the other slices are",
        "another orientation, as a localizer has",
        "Leave it out",
      );
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Whether all distances are the same, but for rounding. */
function even(gaps: readonly number[]): boolean {
  const usual = gaps.length === 0 ? 0 : median(gaps);
  return gaps.every((gap) => Math.abs(gap - usual) <= Math.max(mostMm, mostShare * usual));
}

/** Refuses two slices in one place, and a hole: a single distance that is a multiple of those on both sides of it. */
function checkGaps(placed: readonly Placed[], gaps: readonly number[], where: string): void {
  for (const [i, gap] of gaps.entries()) {
    const [a, b] = [placed[i]!.slice, placed[i + 1]!.slice];
    if (gap < mostMm)
      throw dataFault(b.where, "each slice must lie in a place of its own", `the place of ${a.where}`, "Remove one of them");
    const beside = [gaps[i - 1], gaps[i + 1]].filter((other) => other !== undefined);
    const usual = median(beside.length > 0 ? beside : [gap]);
    const times = Math.round(gap / usual);
    const isHole = times >= 2 && beside.every((other) => Math.abs(gap / other - times) < 0.05 * times);
    if (!isHole) continue;
    const missing = times - 1;
    const rule = `slices must be as far apart as those beside them, ${usual.toFixed(2)} mm`;
    const got = `${gap.toFixed(2)} mm between ${base(a)} and ${base(b)}: ${missing} missing`;
    throw dataFault(where, rule, got, "Add what is missing, or convert the series with a program that you trust to fill it");
  }
}

const base = ({ where }: DicomSlice): string => where.replace(/^.*[/\\]/, "");

/** How far slices move within their plane for each mm along the normal, LPS+; null where they do not. */
function leanOf(placed: readonly Placed[], normal: Vec3, where: string): Vec3 | null {
  const [start, end] = [placed[0]!, placed.at(-1)!];
  const length = end.at - start.at;
  if (length === 0) return null;
  const aside = (to: Placed): Vec3 => addScaled(addScaled(to.slice.position, start.slice.position, -1), normal, start.at - to.at);
  const lean = aside(end).map((mm) => mm / length) as unknown as Vec3;
  for (const one of placed) {
    const off = addScaled(aside(one), lean, start.at - one.at);
    if (Math.hypot(...off) > 0.5)
      throw dataFault(
        one.slice.where,
        "slices must lie on a straight line",
        `${Math.hypot(...off).toFixed(1)} mm beside it`,
        `Check ${where}, or convert it with dcm2niix`,
      );
  }
  return Math.hypot(...lean) * length < 0.05 * Math.max(...start.slice.pixelMm) ? null : lean;
}

/** A slice as it lies in a straight stack: moved within its plane by linear interpolation; beyond its edge the edge. */
function shifted({ values, width, height, along: [u, v], pixelMm }: DicomSlice, lean: Vec3, mm: number): Float32Array {
  const [dx, dy] = [(-dot(lean, u) * mm) / pixelMm[0], (-dot(lean, v) * mm) / pixelMm[1]];
  const out = new Float32Array(values.length);
  const held = (at: number, n: number) => Math.max(0, Math.min(n - 1, at));
  for (let y = 0; y < height; y++) {
    const [fy, y0] = split(held(y + dy, height));
    const [row, below] = [width * y0, width * Math.min(height - 1, y0 + 1)];
    for (let x = 0; x < width; x++) {
      const [fx, x0] = split(held(x + dx, width));
      const x1 = Math.min(width - 1, x0 + 1);
      const top = values[row + x0]! + fx * (values[row + x1]! - values[row + x0]!);
      const bottom = values[below + x0]! + fx * (values[below + x1]! - values[below + x0]!);
      out[x + width * y] = top + fy * (bottom - top);
    }
  }
  return out;
}

const split = (at: number): readonly [share: number, whole: number] => [at - Math.floor(at), Math.floor(at)];

/** Planes at even distances from the first slice to the last, each interpolated between the two that it lies between. */
function resampled(planes: readonly Float32Array[], placed: readonly Placed[], gap: number): Float32Array[] {
  const start = placed[0]!.at;
  const count = 1 + Math.floor((placed.at(-1)!.at - start) / gap + 1e-6);
  let below = 0;
  return Array.from({ length: count }, (_, k) => {
    const at = start + k * gap;
    while (below < placed.length - 2 && placed[below + 1]!.at <= at) below++;
    const share = (at - placed[below]!.at) / (placed[below + 1]!.at - placed[below]!.at);
    const [a, b] = [planes[below]!, planes[below + 1]!];
    return a.map((value, i) => value + share * (b[i]! - value));
  });
}

/** Voxel → world RAS+ of a stack that starts with a slice: DICOM's x and y run the other way. */
function affineOf({ position, along: [u, v], pixelMm }: DicomSlice, normal: Vec3, gap: number): Affine {
  const columns = [u.map((c) => c * pixelMm[0]), v.map((c) => c * pixelMm[1]), normal.map((c) => c * gap), position];
  const row = (axis: number, sign: number) => columns.map((column) => sign * column[axis]!);
  return [...row(0, -1), ...row(1, -1), ...row(2, 1)] as unknown as Affine;
}
