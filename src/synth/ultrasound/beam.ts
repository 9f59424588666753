import { type Rng, seededRng } from "../../core/rng.ts";
import type { Canvas } from "./canvas.ts";
import { spreadAcross, spreadAlong, widestTaps } from "./convolve.ts";
import { type Fan, halfAngle, lineStep, sampleMm } from "./fan.ts";

/** How a scanner sends and listens. Plain JSON: it goes into the sidecar. */
export interface Beam {
  readonly frequencyMHz: number;
  /** Length of the pulse, periods. */
  readonly cycles: number;
  /** Depth of the focus over the width of the aperture. */
  readonly fNumber: number;
  /** Depth at which the beam is narrowest, mm. */
  readonly focusMm: number;
  /** Pictures with speckle of their own whose envelopes are averaged (spatial compounding); 1: none. */
  readonly looks: number;
  /** Amplitude of a reflector across the beam whose impedance steps by 1, dB. */
  readonly specularDb: number;
  /** Power of the cosine that a reflector's echo falls with as it turns away. */
  readonly specularPower: number;
  /** Reverberation: echoes of strong reflectors that trail behind them, dB, and the distance over which they fade by 1/e, mm. */
  readonly reverberationDb: number;
  readonly reverberationMm: number;
  /** Amplitude of the receiver's noise, dB. */
  readonly noiseDb: number;
  /** Time gain at depths spread evenly from the probe's face to the end of the line, dB. */
  readonly timeGainDb: readonly number[];
  readonly seed: number;
}

/** A map in the beam's own grid: sample s of line l is `data[l + lines * s]`. */
type BeamMap = Float32Array;

const speedMmPerUs = 1.54;

/**
 * The envelope of the echoes that a probe receives from a plane, time gain applied, before compression; `lines` values a sample,
 * the nearest sample first. Amplitude 1 is soft tissue without loss.
 *
 * One scatterer a sample with a Gaussian complex strength stands for many: the envelope of homogeneous tissue is Rayleigh distributed.
 * Scatterers and reflectors are convolved with a Gaussian pulse along the line and with a Gaussian beam across it, whose width grows away
 * from the focus. Loss is summed along each line, so that there is shadow behind bone and enhancement behind fluid.
 *
 * Source: linear convolution of scatterers, as in Field II (Jensen 1996); statistics, Wagner, Insana & Brown 1987, doi:10.1364/josaa.4.000910.
 */
export function echoes(canvas: Canvas, fan: Fan, beam: Beam): Float32Array {
  const field = insonified(canvas, fan, beam);
  const count = fan.lines * fan.samples;
  const envelope = new Float32Array(count);
  const rng = seededRng(beam.seed);
  const spread = { along: alongTaps(fan, beam), across: acrossTaps(fan, beam) };
  const parts = [new Float32Array(count), new Float32Array(count)] as const; // real and imaginary
  const wide = new Float32Array(count);
  for (let look = 0; look < beam.looks; look++) {
    scatter(parts, rng.fork(look), field);
    for (const part of parts) {
      spreadAcross(wide, part, fan, spread.across);
      spreadAlong(part, wide, fan, spread.along);
    }
    for (let i = 0; i < count; i++) envelope[i]! += Math.sqrt(parts[0][i]! ** 2 + parts[1][i]! ** 2) / beam.looks;
  }
  const gain = timeGain(fan, beam);
  for (let i = 0; i < count; i++) envelope[i]! *= gain[Math.floor(i / fan.lines)]!;
  return envelope;
}

/** What comes back from each sample, before the spread of the beam. */
interface Insonified {
  /** Standard deviation of the incoherent part: scatterers, reverberation, noise. */
  readonly diffuse: BeamMap;
  /** Amplitude of the reflectors. */
  readonly specular: BeamMap;
  readonly density: BeamMap;
}

function insonified(canvas: Canvas, fan: Fan, beam: Beam): Insonified {
  const maps = scanned([canvas.scatter, canvas.loss, canvas.impedance, canvas.density], canvas, fan);
  const [diffuse, loss, impedance, density] = maps as [BeamMap, BeamMap, BeamMap, BeamMap];
  const specular = reflectors(impedance, fan, beam);
  const { lines, samples } = fan;
  const [step, noise] = [sampleMm(fan), 10 ** (beam.noiseDb / 20)];
  const [trail, fade] = [10 ** (beam.reverberationDb / 20), Math.exp(-step / beam.reverberationMm)];
  const passed = new Float32Array(lines).fill(1); // amplitude left after the way there and back
  const clutter = new Float32Array(lines);
  for (let s = 0, i = 0; s < samples; s++) {
    for (let l = 0; l < lines; l++, i++) {
      passed[l]! *= Math.exp(-2 * loss[i]! * (step / 10) * (Math.LN10 / 20));
      clutter[l] = clutter[l]! * fade + trail * specular[i]! * passed[l]!;
      specular[i]! *= passed[l]!;
      diffuse[i] = Math.sqrt((diffuse[i]! * passed[l]!) ** 2 + clutter[l]! ** 2 + noise ** 2);
    }
  }
  return { diffuse, specular, density };
}

/** Maps of the plane along the scan lines, bilinear; beyond the window its border goes on. */
export function scanned(
  maps: readonly Float32Array[],
  { frame: { width, height, pixelMm, left, top } }: Canvas,
  fan: Fan,
): BeamMap[] {
  const { lines, samples, radiusMm } = fan;
  const out = maps.map(() => new Float32Array(lines * samples));
  const [half, step, mm] = [halfAngle(fan), lineStep(fan), sampleMm(fan)];
  const sin = Float64Array.from({ length: lines }, (_, l) => Math.sin(l * step - half));
  const cos = Float64Array.from({ length: lines }, (_, l) => Math.cos(l * step - half));
  for (let s = 0, to = 0; s < samples; s++) {
    const r = radiusMm + (s + 0.5) * mm;
    for (let l = 0; l < lines; l++, to++) {
      const x = Math.min(width - 1.001, Math.max(0, (r * sin[l]! - left) / pixelMm - 0.5));
      const y = Math.min(height - 1.001, Math.max(0, (r * cos[l]! - top) / pixelMm - 0.5));
      const i = x | 0;
      const j = y | 0;
      const a = x - i;
      const b = y - j;
      const n = i + width * j;
      for (let m = 0; m < maps.length; m++) {
        const map = maps[m]!;
        const upper = map[n]! + a * (map[n + 1]! - map[n]!);
        const lower = map[n + width]! + a * (map[n + width + 1]! - map[n + width]!);
        out[m]![to] = upper + b * (lower - upper);
      }
    }
  }
  return out;
}

/** Steps of the impedance along each line, weakened where the surface does not face the probe. */
function reflectors(impedance: BeamMap, fan: Fan, { specularDb, specularPower }: Beam): BeamMap {
  const { lines, samples, radiusMm } = fan;
  const out = new Float32Array(impedance.length);
  const [mm, step, gain] = [sampleMm(fan), lineStep(fan), 10 ** (specularDb / 20)];
  for (let s = 1; s < samples - 1; s++) {
    const acrossMm = (radiusMm + s * mm) * step;
    for (let l = 1; l < lines - 1; l++) {
      const i = l + lines * s;
      const along = impedance[i + lines]! - impedance[i - lines]!;
      if (along === 0) continue;
      const across = ((impedance[i + 1]! - impedance[i - 1]!) * mm) / acrossMm;
      const cosine = Math.abs(along) / Math.sqrt(along * along + across * across);
      out[i] = (gain * Math.abs(along) * cosine ** specularPower) / 2;
    }
  }
  return out;
}

/** Fills in the real and the imaginary part of what scatterers and reflectors send back in one look. */
function scatter([real, imaginary]: readonly [BeamMap, BeamMap], rng: Rng, { diffuse, specular, density }: Insonified): void {
  for (let i = 0; i < diffuse.length; i++) {
    real[i] = specular[i]!;
    imaginary[i] = 0;
    const share = density[i]!;
    if (share < 1 && rng.uniform() >= share) continue;
    const strength = diffuse[i]! / Math.sqrt(2 * Math.min(1, share));
    real[i]! += strength * rng.normal();
    imaginary[i] = strength * rng.normal();
  }
}

/** Weights of a Gaussian of a standard deviation in samples; their squares add up to 1, so that speckle keeps its power. */
function taps(sd: number): Float32Array {
  const reach = Math.min(widestTaps, Math.max(0, Math.ceil(2.5 * sd)));
  const weights = Float32Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * Math.max(sd, 1e-3) ** 2)),
  );
  const power = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0));
  return weights.map((w) => w / power);
}

/** The pulse: its envelope's standard deviation is a quarter of its length, which is half as long on the way there and back. */
function alongTaps(fan: Fan, { frequencyMHz, cycles }: Beam): Float32Array {
  return taps((cycles * speedMmPerUs) / frequencyMHz / 2 / 2.355 / sampleMm(fan));
}

/** The beam's profile at each sample: wavelength times f-number wide (half maximum) at the focus, Gaussian optics away from it. */
function acrossTaps(fan: Fan, { frequencyMHz, fNumber, focusMm }: Beam): readonly Float32Array[] {
  const waist = ((speedMmPerUs / frequencyMHz) * fNumber) / 2.355;
  const range = 7 * (speedMmPerUs / frequencyMHz) * fNumber ** 2; // depth of focus, DOF = 7 λ N²
  return Array.from({ length: fan.samples }, (_, s) => {
    const depth = (s + 0.5) * sampleMm(fan);
    const width = waist * Math.sqrt(1 + ((depth - focusMm) / range) ** 2);
    return taps(width / ((fan.radiusMm + depth) * lineStep(fan)));
  });
}

/** Gain of each sample as a factor of its amplitude, linear in dB between the sliders. */
export function timeGain({ samples }: Fan, { timeGainDb }: Beam): Float32Array {
  const last = timeGainDb.length - 1;
  return Float32Array.from({ length: samples }, (_, s) => {
    const at = (s / (samples - 1)) * last;
    const i = Math.min(last - 1, Math.floor(at));
    return 10 ** ((timeGainDb[i]! + (at - i) * (timeGainDb[i + 1]! - timeGainDb[i]!)) / 20);
  });
}
