import type { Fetus } from "./draw.ts";
import type { FetalPlane } from "./finding.ts";
import { innerAxes } from "./head.ts";

/** Two places in the fetus's own millimetres (u, v). */
export type Ends = readonly [readonly [u: number, v: number], readonly [u: number, v: number]];

/**
 * The ends of what a user measures in a plane: the biparietal diameter, from the outer edge near the probe to the inner edge away from it, or the
 * width of the cerebellum. Of every fetus, whatever its finding, so that calipers tell none; null in views of face and spine.
 */
export function measuredIn({ skull, transcerebellarMm, cisternaMagnaMm }: Fetus, plane: FetalPlane): Ends | null {
  const [a, b] = innerAxes(skull);
  switch (plane) {
    case "transventricular":
      return [[0, -b - skull.boneMm], [0, b]]; // biome-ignore format: one line
    case "transcerebellar": {
      const u = -a + cisternaMagnaMm + 0.26 * transcerebellarMm;
      return [[u, -transcerebellarMm / 2], [u, transcerebellarMm / 2]]; // biome-ignore format: one line
    }
    case "face":
    case "spine":
      return null;
    default:
      return plane satisfies never;
  }
}
