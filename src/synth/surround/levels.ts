import { between, chance, type Rng } from "../../core/rng.ts";

/**
 * Signal of each class around the brain; 1.0 is the 90th percentile of cerebrospinal fluid.
 * Measured by hand in 5 x 5 windows on three of the six CC0 HASTE stacks (docs/acquisition.md); marked classes are our guess.
 */
export const measuredLevels = {
  air: 0.015,
  fluid: 0.95, // amniotic
  placenta: 0.42,
  uterineWall: 0.34,
  fat: 0.61, // maternal, under the skin
  muscle: 0.13, // maternal
  marrow: 0.3, // maternal vertebra
  disc: 0.12, // our guess
  bowelWall: 0.14,
  bowel: 0.26, // its content varies widely around this
  spinalFluid: 1.0,
  bladder: 1.05, // our guess
  vessel: 0.06, // flowing blood; our guess
  skull: 0.08,
  scalp: 0.4,
  cranialGap: 0.8, // fluid between the given brain and the skull; our guess
  fetalSkin: 0.4,
  fetalFat: 0.55, // cheeks; our guess
  fetalMuscle: 0.3,
  fetalBone: 0.08,
  fetalMarrow: 0.2, // our guess
  lung: 0.5, // our guess
  liver: 0.22, // our guess
  eye: 0.92,
  cord: 0.75, // Wharton's jelly; our guess
} as const;

export type Level = keyof typeof measuredLevels;
export type Levels = Readonly<Record<Level, number>>;

/** Free fluid has one T2 everywhere and strays little. */
const fluids: ReadonlySet<string> = new Set(["fluid", "spinalFluid", "bladder", "eye", "cranialGap"] satisfies Level[]);

/**
 * Draws the signal of every class: the measured one times a log-normal factor, and now and then anything.
 * @param severity - 0: exactly as measured; 1: factors of e^±0.45 (one standard deviation; fluids e^±0.18), and one class in eight anything at all.
 */
export function drawLevels(rng: Rng, severity: number): Levels {
  const entries = Object.entries(measuredLevels).map(([name, value]) => {
    const each = rng.fork(name);
    const factor = Math.exp(severity * (fluids.has(name) ? 0.18 : 0.45) * each.normal());
    const isAnything = chance(each, severity * 0.125) && name !== "air";
    return [name, Math.min(1.3, isAnything ? between(each, [0.03, 1.1]) : value * factor)];
  });
  return Object.fromEntries(entries) as Levels;
}
