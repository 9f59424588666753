import type { Rng } from "../../core/rng.ts";
import type { Target } from "../task.ts";

/** Square regions of feature maps, plain JSON: what two views of a slice are compared by. */
export interface Regions {
  /** Side of the maps, and of a region, places. */
  readonly mapSide: number;
  readonly side: number;
  /** Left upper corners in the maps of each slice. */
  readonly corners: readonly (readonly (readonly [number, number])[])[];
}

/** Draws as many regions for each of so many slices; regions of a slice may overlap, but no two are the same as long as there are others. */
export function drawRegions(rng: Rng, slices: number, count: number, side: number, mapSide: number): Regions {
  const across = mapSide - side + 1;
  const ofSlice = (slice: Rng) => {
    const taken = new Set<number>();
    return Array.from({ length: count }, () => {
      let place = slice.below(across * across);
      while (taken.has(place) && taken.size < across * across) place = (place + 1) % (across * across);
      taken.add(place);
      return [place % across, Math.floor(place / across)] as const;
    });
  };
  return { mapSide, side, corners: Array.from({ length: slices }, (_, i) => ofSlice(rng.fork(i))) };
}

/** The share of each place in each region, slices x regions x places x 1: what a matrix of features is multiplied with to give the regions' means. */
export function regionShares({ mapSide, side, corners }: Regions): Target {
  const [places, regions] = [mapSide * mapSide, corners[0]!.length];
  const data = new Float32Array(corners.length * regions * places);
  for (const [n, ofSlice] of corners.entries()) {
    for (const [r, [left, top]] of ofSlice.entries()) {
      for (let i = 0; i < side * side; i++) {
        const place = left + (i % side) + mapSide * (top + Math.floor(i / side));
        data[place + places * (r + regions * n)] = 1 / (side * side);
      }
    }
  }
  return { shape: [corners.length, regions, places, 1], data };
}
