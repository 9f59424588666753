import type { Vec3 } from "../../core/affine.ts";
import { between, chance, poisson, type Rng } from "../../core/rng.ts";
import { tissues } from "../../core/tissue.ts";
import type { Plane } from "../../core/volume.ts";
import type { HeadGeometry } from "../scene.ts";
import { type AmnioticVoid, drawAmnioticVoids } from "./amniotic.ts";
import { drawField, type SmoothField } from "./field.ts";
import { drawGrid, type StackGrid } from "./geometry.ts";
import { drawMotion, interleavedOrder, type Pose } from "./motion.ts";
import type { Noise } from "./noise.ts";
import type { AcquisitionOptions } from "./options.ts";
import { type SliceProfile, sliceProfile } from "./profile.ts";
import { type Contrast, type Drop, type FlowVoid, referenceEchoMs } from "./signal.ts";
import { singleShotGains } from "./single-shot.ts";

/** Signal of white matter where 1.0 is the 90th percentile of cerebrospinal fluid (.60-.63 measured on the CHN atlas). */
const whiteMatterSignal = 0.6;

/** One scan, fully decided: plain JSON. Taking the same scene with it again gives the same voxels. */
export interface Acquisition {
  readonly plane: Plane;
  /** Nominal grid, slices along its third axis. */
  readonly grid: StackGrid;
  readonly profile: SliceProfile;
  /** Point that poses turn about, world mm. */
  readonly pivot: Vec3;
  /** Slice taken at each time. */
  readonly order: readonly number[];
  /** Pose of the scene at each slice, in the order of the slices in space. */
  readonly poses: readonly Pose[];
  readonly contrast: Contrast & { readonly echoTimeMs: number; readonly tesla: number };
  /** Array axis of phase encoding, and the acquired resolution in pixels (1: none lost) along columns and rows. */
  readonly blur: {
    readonly phaseAxis: 0 | 1;
    readonly resolutionPixels: readonly [number, number];
    readonly apodisation: number;
  };
  readonly drops: readonly Drop[];
  readonly flowVoids: readonly FlowVoid[];
  readonly amnioticVoids: readonly AmnioticVoid[];
  readonly bias: SmoothField;
  readonly noise: Noise;
  /** What was drawn for each effect, 0-1: for reports; already contained in the values above. */
  readonly severity: Readonly<Record<Effect, number>>;
}

/** Each has options of its own name. */
const effects = [
  "fieldStrength",
  "contrast",
  "blur",
  "motion",
  "signalDrop",
  "flowVoid",
  "amnioticVoid",
  "bias",
  "noise",
] as const;
export type Effect = (typeof effects)[number];

/**
 * Decides one scan of a head. Each effect has its own stream: switching one off leaves the others as they were.
 *
 * @param plane - Anatomical plane of the fetal brain that the slices lie nearest to.
 * @param head - From `headGeometry`; the scan covers it with margins.
 */
export function drawAcquisition(rng: Rng, options: AcquisitionOptions, plane: Plane, head: HeadGeometry): Acquisition {
  const grid = drawGrid(rng.fork("grid"), options, plane, head);
  const slices = grid.shape[2];
  const severity = drawSeverities(rng, options);
  const strength = severity.fieldStrength;
  const passes = chance(rng.fork("passes"), 0.7) ? 2 : 3; // our guess
  const order = interleavedOrder(slices, passes);
  const motion = drawMotion(rng.fork("motion"), order, {
    translationMm: severity.motion * options.motion.translationMm,
    rotationDegrees: severity.motion * options.motion.rotationDegrees,
    jumps: severity.motion * options.motion.jumpsPerStack,
  });
  return {
    plane,
    grid,
    profile: sliceProfile(options.profile, grid.thicknessMm),
    pivot: head.centre,
    order,
    poses: motion.poses,
    contrast: drawContrast(rng.fork("contrast"), options.contrast, severity.contrast, 1.5 + 1.5 * strength),
    blur: drawBlur(rng.fork("blur"), options.blur, severity.blur, grid.pixelMm),
    drops: drawDrops(rng.fork("signalDrop"), options.signalDrop, severity.signalDrop, grid, motion.jumpedSlices),
    flowVoids: drawFlowVoids(rng.fork("flowVoid"), options.flowVoid, severity.flowVoid),
    amnioticVoids: drawAmnioticVoids(rng.fork("amnioticVoid"), options.amnioticVoid, severity.amnioticVoid),
    bias: drawField(
      rng.fork("bias"),
      severity.bias * options.bias.logRange * (1 + strength * (options.fieldStrength.biasFactor - 1)),
    ),
    noise: {
      sigma: (severity.noise * whiteMatterSignal) / options.noise.snr / (1 + strength * (options.fieldStrength.snrFactor - 1)),
      field: drawField(rng.fork("noise field"), severity.noise * options.noise.logRange),
      seed: rng.fork("noise").below(2 ** 31),
    },
    severity,
  };
}

function drawSeverities(rng: Rng, options: AcquisitionOptions): Readonly<Record<Effect, number>> {
  const drawn = effects.map((effect) => [effect, between(rng.fork(`${effect} severity`), options[effect].severity)] as const);
  return Object.fromEntries(drawn) as Record<Effect, number>;
}

function drawContrast(
  rng: Rng,
  options: AcquisitionOptions["contrast"],
  severity: number,
  tesla: number,
): Acquisition["contrast"] {
  const echoTimeMs = referenceEchoMs + severity * (between(rng, options.echoTimeMs) - referenceEchoMs);
  const logGamma = severity * options.logGamma * (2 * rng.uniform() - 1);
  const jitter = Object.keys(tissues).map((name) =>
    name === "background" ? 1 : 1 + severity * options.tissueGain * (2 * rng.uniform() - 1),
  );
  const gains = singleShotGains(tesla, echoTimeMs, referenceEchoMs).map((gain, id) => gain * jitter[id]!);
  return { echoTimeMs, tesla, gains, gamma: Math.exp(logGamma) };
}

function drawBlur(rng: Rng, options: AcquisitionOptions["blur"], severity: number, pixelMm: number): Acquisition["blur"] {
  const phaseAxis = chance(rng, 0.5) ? 1 : 0;
  const lost = (mm: number) => 1 + (severity * Math.max(0, mm - pixelMm)) / pixelMm;
  const [read, phase] = [lost(options.readMm), lost(options.phaseMm)];
  return {
    phaseAxis,
    resolutionPixels: phaseAxis === 0 ? [phase, read] : [read, phase],
    apodisation: severity * between(rng, options.apodisation),
  };
}

function drawDrops(
  rng: Rng,
  options: AcquisitionOptions["signalDrop"],
  severity: number,
  grid: StackGrid,
  jumpedSlices: readonly number[],
): Drop[] {
  if (severity === 0) return [];
  return Array.from({ length: grid.shape[2] }, (_, slice) => {
    const each = rng.fork(slice);
    const jitter = Math.min(1.5, Math.max(0.5, 1 + severity * options.jitter * each.normal()));
    // A slice that was being taken during a jump loses signal more often than not: our guess.
    const isHit = chance(each, jumpedSlices.includes(slice) ? Math.max(0.6, severity * options.rate) : severity * options.rate);
    if (!isHit) return { slice, gain: jitter, band: null };
    const depth = severity * options.depth * (0.3 + 0.7 * each.uniform());
    if (chance(each, 0.4)) return { slice, gain: jitter * (1 - depth), band: null };
    const half = (grid.shape[0] * grid.pixelMm) / 2;
    const band = {
      degrees: 360 * each.uniform(),
      offsetMm: between(each, [-0.5, 0.5]) * half,
      widthMm: between(each, [4, 30]),
      depth,
    };
    return { slice, gain: jitter, band };
  });
}

function drawFlowVoids(rng: Rng, options: AcquisitionOptions["flowVoid"], severity: number): FlowVoid[] {
  return Array.from({ length: poisson(rng, severity * options.perStack) }, (_, i) => {
    const each = rng.fork(i);
    return {
      site: chance(each, 0.6) ? "ventricle" : "cistern", // our guess
      at: each.uniform(),
      radiiMm: [between(each, options.radiusMm), between(each, options.radiusMm)],
      degrees: 360 * each.uniform(),
      depth: severity * options.depth * (0.4 + 0.6 * each.uniform()),
    } as const;
  });
}
