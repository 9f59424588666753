import { between, pick, type Rng } from "../../core/rng.ts";
import type { Beam } from "./beam.ts";
import type { Display } from "./display.ts";
import type { Fan } from "./fan.ts";

type Range = readonly [low: number, high: number];

/** Between which values the settings of a machine lie, in the units of {@link Beam} and {@link Display}. */
export interface MachineRanges {
  /** dB a cm that the time gain makes up for, and how far its sliders are off, dB. */
  readonly slope: Range;
  readonly sliders: Range;
  readonly frequencyMHz: Range;
  readonly fNumber: Range;
  readonly specularDb: Range;
  readonly reverberationDb: Range;
  readonly reverberationMm: Range;
  readonly noiseDb: Range;
  readonly dynamicRangeDb: Range;
  readonly whiteDb: Range;
  readonly gamma: Range;
}

/** Draws how a machine sends and listens; its speckle has seed 0 until a picture is given its own. @param focusMm - Draws the depth of the focus. */
export function drawBeam(rng: Rng, ranges: MachineRanges, { depthMm }: Fan, focusMm: (rng: Rng) => number): Beam {
  const slope = between(rng, ranges.slope);
  return {
    frequencyMHz: between(rng, ranges.frequencyMHz),
    cycles: between(rng, [2, 3]),
    fNumber: between(rng, ranges.fNumber),
    focusMm: focusMm(rng),
    looks: pick(rng, [1, 2, 2, 3]),
    specularDb: between(rng, ranges.specularDb),
    specularPower: between(rng, [1.5, 3]),
    reverberationDb: between(rng, ranges.reverberationDb),
    reverberationMm: between(rng, ranges.reverberationMm),
    noiseDb: between(rng, ranges.noiseDb),
    timeGainDb: Array.from({ length: 8 }, (_, i) => (i / 7) * slope * (depthMm / 10) + between(rng, ranges.sliders)),
    seed: 0,
  };
}

/** Draws how a machine shows echoes. */
export function drawDisplay(rng: Rng, { dynamicRangeDb, whiteDb, gamma }: MachineRanges): Display {
  return { dynamicRangeDb: between(rng, dynamicRangeDb), whiteDb: between(rng, whiteDb), gamma: between(rng, gamma) };
}
