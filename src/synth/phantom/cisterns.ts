import { clamp, type Field, joined, smoothMax, tube } from "./fields.ts";
import type { Frame } from "./frame.ts";
import type { Bounds } from "./lattice.ts";

/**
 * Fluid outside the ventricles and yet deep in the brain, right side: the velum interpositum, a triangle between thalami and splenium, and the wing of the
 * ambient cistern, which leads from behind the midbrain round the thalamus to the temporal horn. Bright as the ventricles beside them, and no place
 * for intraventricular blood.
 *
 * @param width - Factor of the usual widths; 0.5 to 1.5 between fetuses.
 *
 * Source: places and widths read off an averaged brain of 30 weeks (Gholipour et al. 2017); the spread is our guess.
 */
export function deepCisterns(frame: Frame, width: number): { space: Field; bounds: Bounds } {
  const [fx, fy, fz] = frame.scale;
  const velum: Field = (x, y, z) => {
    const [tx, ty, tz] = [x / fx, y / fy, z / fz];
    const beside = 0.72 * tx + 0.69 * (ty + 1) - (width - 1);
    const along = Math.max(beside, -9.6 - ty);
    const rise = clamp(-ty / 9, 0, 1); // it dips in front, under the fornix
    return smoothMax(along, Math.abs(tz + 2.2 - 1.2 * rise) - 4.2 * Math.sqrt(width), 1) * frame.size;
  };
  const at = (place: readonly [number, number, number], long: number, short: number, tilt: number) =>
    frame.station(place, long * width, short * width, tilt);
  const wing = tube(
    [
      at([3, -12.6, -8.5], 2.4, 1.7, 60),
      at([8, -11.6, -7.4], 2.1, 1.3, 30),
      at([12.4, -8.8, -7], 1.8, 1.1, 20),
      at([13, -4, -10], 1.7, 1.1, -40),
      at([12.4, 1, -13], 2, 1.4, -40),
      at([11, 4.5, -15.5], 1.4, 1.1, -30),
    ],
    frame.size,
  );
  return { space: joined(1, velum, wing), bounds: { low: frame.point(0, -17, -20), high: frame.point(18, 8, 5) } };
}
