import { boxOf } from "../../../core/box.ts";
import type { RegionBox } from "../../../data/dataset.ts";
import type { Canvas } from "../canvas.ts";
import type { FetalPlane, Finding } from "./finding.ts";
import { type Structure, structures } from "./structures.ts";

/** The six boxed regions, and the structures that each is made of, by plane. Names and choice: the default set, our guess. */
const regionsOfPlane: Readonly<Record<FetalPlane, Readonly<Partial<Record<Region, readonly Structure[]>>>>> = {
  transventricular: {
    "lateral-ventricle": ["farVentricle"], // the one away from the probe, which reverberation does not hide
    csp: ["cavum", "frontalHorn"],
    thalami: ["thalami"],
  },
  transcerebellar: {
    cerebellum: ["cerebellum"],
    "cisterna-magna": ["cisternaMagna"],
    midline: ["falx", "cavum", "frontalHorn"], // in front of the thalami
  },
  face: {},
  spine: {},
};

export const fetalRegions = ["lateral-ventricle", "csp", "thalami", "cerebellum", "cisterna-magna", "midline"] as const;
export type Region = (typeof fetalRegions)[number];

/** Border that is left around a region, mm, as a reader would; our guess. */
const boxMarginMm = 1;

/** Pixels that a region must have to be seen. */
const fewest = 12;

/** The boxes of the regions that can be seen in a picture. `seen` is 1 for the pixels that the probe sees. */
export function regionBoxes({ label, frame }: Canvas, seen: Uint8Array, plane: FetalPlane): RegionBox[] {
  const { width, height, pixelMm } = frame;
  const margin = Math.ceil(boxMarginMm / pixelMm);
  return Object.entries(regionsOfPlane[plane]).flatMap(([name, parts]) => {
    const mask = maskOf(label, seen, parts);
    const box = boxOf(mask, [width, height, 1]);
    if (box === null || mask.reduce((sum, v) => sum + v, 0) < fewest) return [];
    const [x0, y0] = [Math.max(0, box.low[0] - margin), Math.max(0, box.low[1] - margin)];
    const [x1, y1] = [Math.min(width, box.high[0] + 1 + margin), Math.min(height, box.high[1] + 1 + margin)];
    return [{ name, slice: 0, box: [x0, y0, x1, y1] as [number, number, number, number] }];
  });
}

/** Where a finding shows, by the planes that show it. */
const signs: Readonly<Record<Finding, Readonly<Partial<Record<FetalPlane, readonly Structure[]>>>>> = {
  normal: {},
  ventriculomegaly: { transventricular: ["nearVentricle", "farVentricle"] },
  "absent-cavum": { transventricular: ["cavum", "frontalHorn"], transcerebellar: ["cavum", "frontalHorn"] },
  "dandy-walker": { transcerebellar: ["cisternaMagna", "cerebellum"] },
  "mega-cisterna-magna": { transcerebellar: ["cisternaMagna"] },
  "small-cerebellum": { transcerebellar: ["cerebellum"] },
  anencephaly: { face: ["exposed", "face"], transventricular: ["exposed"], transcerebellar: ["exposed"] },
  encephalocele: { transventricular: ["sac"], transcerebellar: ["sac"] },
  holoprosencephaly: { transventricular: ["farVentricle", "thalami"], transcerebellar: ["cavum", "frontalHorn"] },
  rachischisis: { spine: ["exposed"] },
};

/** The planes in which a finding can be seen; of a normal fetus, all of `planes`. */
export function planesOf(finding: Finding, planes: readonly FetalPlane[]): FetalPlane[] {
  return planes.filter((plane) => finding === "normal" || plane in signs[finding]);
}

/** 1 where the finding shows; all 0 where the plane does not show it. */
export function findingMask({ label }: Canvas, seen: Uint8Array, finding: Finding, plane: FetalPlane): Uint8Array {
  return maskOf(label, seen, signs[finding][plane] ?? []);
}

/** 1 inside the skull, and in a sac that brain has come out into; in views that are not of the brain, 1 in the fetus. */
export function insideMask({ label }: Canvas, seen: Uint8Array, plane: FetalPlane): Uint8Array {
  const ofBrain = plane !== "face" && plane !== "spine";
  const no: readonly Structure[] = ["outside", "fluid", "skull", ...(ofBrain ? (["body"] as const) : [])];
  return masked(label, seen, chosen(no, 0));
}

function maskOf(label: Uint8Array, seen: Uint8Array, parts: readonly Structure[]): Uint8Array {
  return masked(label, seen, chosen(parts, 1));
}

/** A table by id of a structure: `value`, 0 or 1, for some, the other for all else. */
function chosen(some: readonly Structure[], value: 0 | 1): Uint8Array {
  const table = new Uint8Array(256).fill(1 - value);
  for (const structure of some) table[structures[structure]] = value;
  return table;
}

/** 1 for the pixels that are seen and whose structure's entry in the table is 1. */
function masked(label: Uint8Array, seen: Uint8Array, table: Uint8Array): Uint8Array {
  const mask = new Uint8Array(label.length);
  for (let i = 0; i < mask.length; i++) mask[i] = seen[i]! & table[label[i]!]!;
  return mask;
}
