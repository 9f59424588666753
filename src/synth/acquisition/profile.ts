/** Where through the slice the scene is sampled, and with which weight. */
export interface SliceProfile {
  /** mm from the slice's centre, along its normal. */
  readonly offsetsMm: readonly number[];
  /** Same length; they sum to 1. */
  readonly weights: readonly number[];
}

export type ProfileShape = "gaussian" | "sinc" | "box";

/** Points are at most this far apart, mm: below the spacing of the scenes that we make, so that no thin sheet falls between two. */
const largestStepMm = 0.75;

/**
 * Samples a slice profile.
 *
 * @param thicknessMm - Full width at half maximum, mm.
 * @param shape - `box`: uniform over the thickness. `gaussian`. `sinc`: what an apodised sinc pulse selects, a flat top with
 *   soft sides, here a product of two hyperbolic-tangent edges whose 10-90 % width is a third of the thickness (our guess).
 */
export function sliceProfile(shape: ProfileShape, thicknessMm: number): SliceProfile {
  const halfSpan = thicknessMm * { box: 0.5, sinc: 0.8, gaussian: 1 }[shape];
  const count = 2 * Math.ceil(halfSpan / largestStepMm) + 1;
  // Cell centres, not end points: a box must weigh its two edge cells like the others.
  const offsetsMm = Array.from({ length: count }, (_, i) => ((2 * i + 1) / count - 1) * halfSpan);
  const raw = offsetsMm.map((z) => response(shape, z / thicknessMm));
  const total = raw.reduce((sum, w) => sum + w, 0);
  return { offsetsMm, weights: raw.map((w) => w / total) };
}

/** Response at `z` thicknesses from the centre, not normalised. */
function response(shape: ProfileShape, z: number): number {
  switch (shape) {
    case "box":
      return 1;
    case "gaussian":
      return Math.exp(-4 * Math.LN2 * z * z);
    case "sinc": {
      const edge = (d: number) => Math.tanh(d / 0.152); // 10-90 % over 2.197 * 0.152 = 0.33
      return edge(z + 0.5) - edge(z - 0.5);
    }
    default:
      return shape satisfies never;
  }
}
