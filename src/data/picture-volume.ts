import { type Affine, worldAxes } from "../core/affine.ts";
import type { Image, Plane, Volume, Voxels } from "../core/volume.ts";

/**
 * Where the columns and the rows of a picture lead, as DICOM's Patient Orientation has it: `LP` runs to the patient's left from column to
 * column, to posterior from row to row.
 */
export const pictureAxes = [
  ...(["LP", "LA", "RP", "RA", "PL", "PR", "AL", "AR"] as const), // axial
  ...(["LI", "LS", "RI", "RS", "IL", "IR", "SL", "SR"] as const), // coronal
  ...(["PI", "PS", "AI", "AS", "IP", "IA", "SP", "SA"] as const), // sagittal
] as const;
export type PictureAxes = (typeof pictureAxes)[number];

/** How a plane is usually hung: the patient's right, or the face, at the left of the picture; up is anterior or superior. */
export const usualAxes = { axial: "LP", coronal: "LI", sagittal: "PI" } as const satisfies Record<Plane, PictureAxes>;

/** A picture's place in the patient. */
export interface PicturePlace {
  /** mm from column to column, and from row to row. */
  readonly pixelMm: readonly [number, number];
  readonly thicknessMm: number;
  readonly axes: PictureAxes;
  /** The half of the head that a sagittal slice shows; null: the midline. Of other planes it says nothing. */
  readonly side: "left" | "right" | null;
}

/** World axis and sign of a letter, RAS+. */
const letters = { R: [0, 1], L: [0, -1], A: [1, 1], P: [1, -1], S: [2, 1], I: [2, -1] } as const;
type Letter = keyof typeof letters;
const lettersOf = (axes: PictureAxes) => [axes[0] as Letter, axes[1] as Letter] as const;

/** How far from the midline a sagittal slice of one side is put, mm: through the body of a lateral ventricle. Our choice. */
const sideMm = 10;

/** The plane that a picture with these axes lies in. */
export function planeOfAxes(axes: PictureAxes): Plane {
  const [u, v] = lettersOf(axes).map((letter) => letters[letter][0]) as [number, number];
  return (["sagittal", "coronal", "axial"] as const)[3 - u - v]!;
}

/** A picture as a volume one voxel thick, its pixels in their order; its centre lies at the world's origin, or beside it in a side of the head. */
export function pictureVolume<Data extends Voxels>({ data, width, height }: Image<Data>, place: PicturePlace): Volume<Data> {
  const [u, v] = lettersOf(place.axes).map((letter) => letters[letter]) as [readonly [number, number], readonly [number, number]];
  const across = 3 - u[0] - v[0];
  const affine = new Array<number>(12).fill(0);
  affine[4 * u[0]] = u[1] * place.pixelMm[0];
  affine[4 * v[0] + 1] = v[1] * place.pixelMm[1];
  affine[4 * across + 2] = place.thicknessMm;
  affine[4 * u[0] + 3] = (-u[1] * place.pixelMm[0] * (width - 1)) / 2;
  affine[4 * v[0] + 3] = (-v[1] * place.pixelMm[1] * (height - 1)) / 2;
  affine[4 * across + 3] = across !== 0 || place.side === null ? 0 : place.side === "left" ? -sideMm : sideMm;
  return { data, shape: [width, height, 1], affine: affine as unknown as Affine };
}

/**
 * Pictures as the slices of one volume, in their order; smaller ones lie in the middle of the largest width and height, with black around.
 * @throws {RangeError} If there is none.
 */
export function pictureStack(pictures: readonly Image[], place: PicturePlace): Volume {
  if (pictures.length === 0) throw new RangeError("pictureStack: needs a picture; got none");
  const [width, height] = [Math.max(...pictures.map((one) => one.width)), Math.max(...pictures.map((one) => one.height))];
  const data = new Float32Array(width * height * pictures.length);
  for (const [z, picture] of pictures.entries()) {
    const at = z * width * height + Math.floor((width - picture.width) / 2) + width * Math.floor((height - picture.height) / 2);
    for (let y = 0; y < picture.height; y++)
      data.set(picture.data.subarray(y * picture.width, (y + 1) * picture.width), at + y * width);
  }
  const { affine } = pictureVolume({ data: new Float32Array(width * height), width, height }, place);
  return { data, shape: [width, height, pictures.length], affine };
}

/** The axes of a picture whose columns and rows are two array axes of a volume; the nearest, where it lies oblique. */
export function axesOfSlice(affine: Affine, [columns, rows]: readonly [number, number]): PictureAxes {
  const worlds = worldAxes(affine);
  const letter = (axis: number) => (affine[4 * worlds[axis]! + axis]! > 0 ? "RAS" : "LPI")[worlds[axis]!]!;
  return `${letter(columns)}${letter(rows)}` as PictureAxes;
}
