import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { distanceTo } from "../../core/distance.ts";
import { seededRng } from "../../core/rng.ts";
import { blurInPlace } from "../acquisition/psf.ts";
import { waveNoise } from "../phantom/noise.ts";
import { type Material, materials } from "./materials.ts";
import type { HeadPlan, ScanPlan } from "./plan.ts";
import { type HeadScan, withFaults } from "./scan.ts";

/** What the pixels of a label picture are. */
export const labelParts = ["outside", "bone", "brain", "blood", "ventricle", "other"] as const;
export type LabelPart = (typeof labelParts)[number];

/** The colour of each part, red, green and blue. Source: the README of the CQ500-segmentation label pictures. */
export const partColours: Readonly<Record<LabelPart, readonly [number, number, number]>> = {
  outside: [0, 0, 0],
  bone: [255, 255, 255],
  brain: [0, 255, 0],
  blood: [255, 0, 0],
  ventricle: [0, 0, 255],
  other: [255, 255, 0],
};

/** A square label picture: an index into {@link labelParts} a pixel, row-major, first row in front, first column the patient's right. */
export interface LabelPicture {
  readonly parts: Uint8Array;
  readonly size: number;
}

/** How a label picture becomes a slice, fully decided. */
export interface LabelSlicePlan {
  readonly hu: HeadPlan["hu"];
  readonly bloodHu: number;
  readonly scan: Omit<ScanPlan, "pose" | "moves">;
  readonly seed: number;
}

/** Width of grey matter along the edge of the brain, and of the tables of the skull, mm. */
const [cortexMm, tableMm] = [3, 1.8];

/**
 * Makes the CT slice that a label picture could be of: bone with tables and diploe, grey matter along the edge and in folds, white matter inside,
 * fat and muscle outside; then what the scanner adds. Where the picture says nothing of a tissue, it is our guess.
 *
 * @returns One slice, axes along the head's; `lesion` is 1 where the picture has blood, `cavity` where it has brain, blood or ventricle.
 */
export function labelSlice({ parts, size }: LabelPicture, plan: LabelSlicePlan): HeadScan {
  const { pixelMm, sliceMm } = plan.scan;
  const shape: Vec3 = [size, size, 1];
  const affine = axisAlignedAffine(shape, [pixelMm, pixelMm, sliceMm], [0, 0, 0]);
  const hu = slicedHu(parts, size, plan);
  blurInPlace(hu, [size, size], [edge, edge], "repeat", new Float32Array(hu.length));
  // The array runs to the patient's right and to the front, the picture the other way.
  const turned = <T extends Int16Array | Uint8Array>(data: T): T => data.slice().reverse() as T;
  const image = turned(withFaults(hu, size, 0, plan.scan));
  const mask = (...of: LabelPart[]) => turned(parts.map((part) => (of.includes(labelParts[part]!) ? 1 : 0)));
  return {
    image: { data: image, shape, affine },
    lesion: { data: mask("blood"), shape, affine },
    cavity: { data: mask("brain", "blood", "ventricle"), shape, affine },
  };
}

/** A point spread of about a pixel: label edges are sharper than a scanner's. */
const edge = [0.5, 0.25];

function slicedHu(parts: Uint8Array, size: number, { hu, bloodHu, scan: { pixelMm }, seed }: LabelSlicePlan): Float32Array {
  const rng = seededRng(seed);
  const [folds, grain] = [waveNoise(rng.fork("folds"), [16, 26], 14), waveNoise(rng.fork("grain"), [5, 9], 12)];
  const awayFrom = (keep: (part: LabelPart) => boolean) =>
    distanceTo((i) => !keep(labelParts[parts[i]!]!), [size, size, 1], [pixelMm, pixelMm, pixelMm]);
  const inBone = awayFrom((part) => part === "bone");
  const inBrain = awayFrom((part) => part === "brain" || part === "blood");
  const inHead = awayFrom((part) => part !== "outside");
  return Float32Array.from(parts, (part, i) => {
    const [x, y] = [pixelMm * (i % size), pixelMm * Math.floor(i / size)];
    const fine = grain(x, y, 0);
    const of = (id: Material, share = 0.02) => hu[id] + share * Math.abs(hu[id]) * fine;
    const name = labelParts[part]!;
    switch (name) {
      case "outside":
        return -1000;
      case "bone":
        return inBone[i]! > tableMm ? of(materials.diploe, 0.25) : of(materials.table, 0.2);
      case "brain": {
        const grey = inBrain[i]! < cortexMm || (inBrain[i]! < 18 && Math.abs(folds(x, y, 0)) < 0.55);
        return of(grey ? materials.grey : materials.white);
      }
      case "blood":
        return bloodHu + 2.5 * fine;
      case "ventricle":
        return of(materials.ventricle);
      case "other":
        return inHead[i]! < 2 ? of(materials.softTissue) : folds(x, y, 0) > 0.3 ? of(materials.muscle) : of(materials.fat);
      default:
        return name satisfies never;
    }
  });
}
