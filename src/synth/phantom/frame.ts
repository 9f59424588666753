import type { Station } from "./fields.ts";

/**
 * Template millimetres: the frame that all anatomy is written in. It is a 30-week brain whose cerebrum reaches ±36.8 (left-right),
 * ±45.2 (posterior-anterior) and ±30 (inferior-superior); x = 0 is the mid-sagittal plane, and one side is written with x > 0.
 */
export const templateHalf = [36.8, 45.2, 30] as const;

/** How template millimetres become the millimetres of one brain. */
export interface Frame {
  readonly scale: readonly [number, number, number];
  /** Geometric mean of the scales: for thicknesses and radii that follow the brain's size. */
  readonly size: number;
  point(x: number, y: number, z: number): readonly [number, number, number];
  radii(x: number, y: number, z: number): readonly [number, number, number];
  station(at: readonly [number, number, number], long: number, short: number, tilt: number): Station;
}

/** The frame with these scales. A tilt is turned with the stretch of the coronal plane. */
export function makeFrame(scale: readonly [number, number, number]): Frame {
  const [fx, fy, fz] = scale;
  const size = Math.cbrt(fx * fy * fz);
  const point = (x: number, y: number, z: number) => [x * fx, y * fy, z * fz] as const;
  return {
    scale,
    size,
    point,
    radii: point,
    station: (at, long, short, tilt) => ({ at: point(...at), long: long * size, short: short * size, tilt }),
  };
}
