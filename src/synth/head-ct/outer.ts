import { growTo } from "./grow.ts";
import type { OuterBleed } from "./plan.ts";

type Point = readonly [number, number, number];

/** An epidural or subdural bleed whose size is decided. */
export interface OuterShape {
  /** Size at which a place inside the skull begins to belong, relative to {@link size}'s unit; Infinity where it never does. */
  key(x: number, y: number, z: number, depth: number): number;
  readonly size: number;
  /** How deep the bleed reaches at the nearest place of the skull, mm. */
  depthAt(x: number, y: number, z: number, depth: number): number;
  readonly towards: Point;
  /** How far tissue at a place is pushed away from {@link towards}, mm; broader than the bleed, and less the deeper. */
  pushAt(x: number, y: number, z: number): number;
}

/** The middle that directions are told from, mm. */
const middle: Point = [0, 0, 8];

/** Thickness of a crescent falls off with this power of the distance from its middle: it stays broad and ends thin. */
const crescentPower = 3;

/**
 * Where the blood of an outer bleed lies.
 *
 * A lens (epidural: the dura is fast to the bone at its rim) is `T (1 - (r / R)²)` deep at an arc of r from its middle, R over T being the drawn
 * reach; a crescent (subdural: the blood spreads over a hemisphere) is `T (1 - (r / R)³)` deep, longer from front to back, and stops at the midline.
 * One size number grows T and R together until the volume is there.
 *
 * @param places - Candidate voxels: x, y, z and depth inside the inner table, mm, four numbers each.
 * @param allowed - Whether a place may bleed at all.
 * @param voxelMl - Of each.
 */
export function outerShape(
  bleed: OuterBleed,
  places: Float32Array,
  allowed: (x: number, y: number, z: number) => boolean,
  voxelMl: number,
): OuterShape {
  const arcs = arcOf(bleed.towards, bleed.type === "epidural" ? 1 : 0.62);
  const keyAt = bleed.type === "epidural" ? lensKey(bleed.reach) : crescentKey(reachOf(bleed));
  const key = (x: number, y: number, z: number, depth: number) =>
    allowed(x, y, z) ? keyAt(arcs(x, y, z, depth), depth) : Infinity;
  const keys = new Float32Array(places.length / 4);
  for (let i = 0; i < keys.length; i++) keys[i] = key(places[4 * i]!, places[4 * i + 1]!, places[4 * i + 2]!, places[4 * i + 3]!);
  const size = growTo(keys, bleed.volumeMl / voxelMl);
  const profile = bleed.type === "epidural" ? lensDepth(bleed.reach, size) : crescentDepth(reachOf(bleed), size);
  return {
    ...{ key, size, towards: bleed.towards },
    depthAt: (x, y, z, depth) => (allowed(x, y, z) ? profile(arcs(x, y, z, depth)) : 0),
    pushAt: pushOf(bleed, places, size),
  };
}

/** How deep the push reaches, mm, and how much broader than the bleed it is. Our guess, by eye on midline shifts. */
const [pushReach, pushWidth] = [45, 1.4];

function pushOf(bleed: OuterBleed, places: Float32Array, size: number): OuterShape["pushAt"] {
  const [a, b, c] = bleed.towards;
  const along = (x: number, y: number, z: number) => a * x + b * y + c * z;
  let top = 0;
  for (let i = 0; i < places.length; i += 4) top = Math.max(top, along(places[i]!, places[i + 1]!, places[i + 2]!));
  const width = pushWidth * (bleed.type === "epidural" ? bleed.reach * size : reachOf(bleed));
  return (x, y, z) => {
    const way = along(x, y, z);
    const aside = Math.max(0, 1 - Math.max(0, x * x + y * y + z * z - way * way) / width ** 2);
    return size * aside * aside * Math.exp(Math.min(0, (way - top + size) / pushReach));
  };
}

/** Small crescents are shorter too. */
const reachOf = ({ reach, volumeMl }: OuterBleed): number => reach * Math.min(1, Math.cbrt(volumeMl / 25));

const lensKey = (ratio: number) => (arc: number, depth: number) =>
  (depth + Math.sqrt(depth * depth + 4 * (arc / ratio) ** 2)) / 2;
const lensDepth = (ratio: number, size: number) => (arc: number) => Math.max(0, size * (1 - (arc / (ratio * size)) ** 2));
const crescentKey = (reach: number) => (arc: number, depth: number) =>
  arc < reach ? depth / (1 - (arc / reach) ** crescentPower) : Infinity;
const crescentDepth = (reach: number, size: number) => (arc: number) =>
  arc < reach ? size * (1 - (arc / reach) ** crescentPower) : 0;

/** Distance along the skull from the middle of a bleed, mm; up and down counted 1 over `flat` times. */
function arcOf(towards: Point, flat: number): (x: number, y: number, z: number, depth: number) => number {
  const [a, b, c] = towards;
  return (px, py, pz, depth) => {
    const [x, y, z] = [px - middle[0], py - middle[1], pz - middle[2]];
    const length = Math.sqrt(x * x + y * y + z * z) || 1;
    const along = (a * x + b * y + c * z) / length;
    const arc = (length + depth) * Math.acos(Math.max(-1, Math.min(1, along)));
    if (flat === 1) return arc;
    // How much of the way is up or down.
    const [u, v, w] = [x / length - along * a, y / length - along * b, z / length - along * c];
    const up = (w * w) / (u * u + v * v + w * w + 1e-9);
    return arc * Math.sqrt(1 - up + up / flat ** 2);
  };
}
