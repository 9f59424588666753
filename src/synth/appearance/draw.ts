import { between, chance, type Rng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import { singleShotLevels } from "../acquisition/single-shot.ts";
import type { AppearanceOptions } from "./options.ts";

/** New signals for a scene, fully decided: plain JSON. Painting it twice gives the same voxels. */
export interface Appearance {
  /** One entry a tissue id of core/tissue.ts; that of the background is for the skull and scalp that a scene may bring. */
  readonly tissues: readonly TissueLook[];
  /** Relative standard deviation of the grain. */
  readonly texture: number;
  /** Size of a cell of the grain and of the blotches, mm. */
  readonly grainMm: number;
  readonly blotchMm: number;
  /** Decides grain and blotches. */
  readonly seed: number;
  /** Standard deviation of the blur over borders, mm. */
  readonly blurMm: number;
}

export interface TissueLook {
  /** Factor on the tissue's median; ignored where `level` is given. */
  readonly gain: number;
  /** Signal that the tissue's median becomes, in units of the case's CSF; null keeps it, times `gain`. */
  readonly level: number | null;
  /** Power of what a voxel is to the median. */
  readonly power: number;
  /** Gain of the blotches; 1 where there are none. */
  readonly blotchGain: number;
}

/** Signals that a tissue with any signal at all is drawn from, in units of the case's CSF. */
const anySignal = [0.05, 1.1] as const;

/** Draws new signals for a copy; null where the case keeps its own. Each tissue has a stream of its own. */
export function drawAppearance(rng: Rng, options: AppearanceOptions): Appearance | null {
  if (options.kind === "given") return null;
  const severity = between(rng.fork("severity"), options.severity);
  const looks = Object.keys(tissues).map((name) => drawLook(rng.fork(name), options, severity));
  return {
    tissues: options.kind === "single-shot" ? singleShotLooks(rng.fork("single-shot")) : looks,
    texture: severity * options.texture * rng.fork("texture").uniform(),
    grainMm: between(rng.fork("grain"), [0.8, 3]),
    blotchMm: between(rng.fork("blotch"), [3, 9]),
    seed: rng.fork("seed").below(2 ** 31),
    blurMm: severity * options.blurMm * rng.fork("blur").uniform(),
  };
}

/** Each tissue flat at its single-shot signal, at 1.5 or 3 T and an echo time of 80-150 ms (protocols: 100-140, doi:10.1007/s13244-011-0075-6); the scalp as it is. */
function singleShotLooks(rng: Rng): TissueLook[] {
  const levels = singleShotLevels(chance(rng, 0.5) ? 3 : 1.5, between(rng, [80, 150]));
  return levels.map((level, id) =>
    id === tissues.background ? { gain: 1, level: null, power: 1, blotchGain: 1 } : { gain: 1, level, power: 0, blotchGain: 1 },
  );
}

function drawLook(rng: Rng, options: AppearanceOptions, severity: number): TissueLook {
  const gain = Math.exp(severity * options.logGain * rng.fork("gain").normal());
  const isAny = chance(rng.fork("any"), severity * options.anyShare);
  const power = 1 + severity * (between(rng.fork("power"), options.contrastPower) - 1);
  const isSplit = chance(rng.fork("split"), severity * options.subclassShare);
  const blotchGain = isSplit ? Math.exp(severity * 0.5 * rng.fork("blotch").normal()) : 1;
  return { gain, level: isAny ? between(rng.fork("level"), anySignal) : null, power, blotchGain };
}
