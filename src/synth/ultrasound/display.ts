import type { Image } from "../../core/volume.ts";
import { type Fan, type Frame, halfAngle, lineStep, sampleMm } from "./fan.ts";

/** How echoes become grey. Plain JSON. */
export interface Display {
  /** Between black and white, dB. */
  readonly dynamicRangeDb: number;
  /** Amplitude that is white, dB. */
  readonly whiteDb: number;
  /** Power of the grey map; 1 is linear in dB, more is darker. */
  readonly gamma: number;
}

/**
 * The picture that a scanner shows of an envelope: compressed to decibels, then from scan lines to pixels. Bytes; 0 outside the fan.
 *
 * @param envelope - As {@link echoes} gives it.
 */
export function shown(
  envelope: Float32Array,
  fan: Fan,
  frame: Frame,
  { dynamicRangeDb, whiteDb, gamma }: Display,
): Image<Uint8Array> {
  const grey = new Float32Array(envelope.length);
  for (let i = 0; i < grey.length; i++) {
    const level = 1 + (20 * Math.log10(envelope[i]! + 1e-9) - whiteDb) / dynamicRangeDb;
    grey[i] = level <= 0 ? 0 : level >= 1 ? 255 : 255 * level ** gamma;
  }
  const data = new Uint8Array(frame.width * frame.height);
  forEachInFan(fan, frame, (n, line, sample) => {
    const l = Math.min(line | 0, fan.lines - 2);
    const s = Math.min(sample | 0, fan.samples - 2);
    const a = line - l;
    const b = sample - s;
    const i = l + fan.lines * s;
    const near = grey[i]! + a * (grey[i + 1]! - grey[i]!);
    const far = grey[i + fan.lines]! + a * (grey[i + fan.lines + 1]! - grey[i + fan.lines]!);
    data[n] = Math.max(0, Math.min(255, Math.round(near + b * (far - near))));
  });
  return { data, width: frame.width, height: frame.height };
}

/** Calls `visit` with the index of each pixel inside the fan, and which line and sample (with fractions) it lies at. */
export function forEachInFan(fan: Fan, frame: Frame, visit: (index: number, line: number, sample: number) => void): void {
  const [half, step, mm] = [halfAngle(fan), lineStep(fan), sampleMm(fan)];
  const beyond = Math.tan(half) * (1 + 1e-9); // surely outside: told without an arc tangent
  for (let j = 0, n = 0; j < frame.height; j++) {
    const y = frame.top + (j + 0.5) * frame.pixelMm;
    for (let i = 0; i < frame.width; i++, n++) {
      const x = frame.left + (i + 0.5) * frame.pixelMm;
      const r = Math.sqrt(x * x + y * y);
      if (r < fan.radiusMm || r > fan.radiusMm + fan.depthMm || Math.abs(x) > beyond * y) continue;
      const angle = Math.atan2(x, y);
      if (Math.abs(angle) > half) continue;
      visit(n, (angle + half) / step, Math.max(0, (r - fan.radiusMm) / mm - 0.5));
    }
  }
}
