import { type Beam, scanned, timeGain } from "./beam.ts";
import type { Canvas } from "./canvas.ts";
import { forEachInFan } from "./display.ts";
import { type Fan, sampleMm } from "./fan.ts";

/** How far below what the time gain makes up for echoes may fall, dB, before they are lost in shadow. Our guess. */
const shadowDb = 20;

/** 1 for the pixels that a probe can see: inside the fan, and not in the shadow of bone. */
export function seenMask(canvas: Canvas, fan: Fan, beam: Beam): Uint8Array {
  const { lines, samples } = fan;
  const [loss] = scanned([canvas.loss], canvas, fan) as [Float32Array];
  const gain = timeGain(fan, beam);
  const heard = new Uint8Array(loss.length);
  const lost = new Float32Array(lines); // dB there and back
  for (let s = 0, i = 0; s < samples; s++) {
    const most = 20 * Math.log10(gain[s]!) + shadowDb;
    for (let l = 0; l < lines; l++, i++) {
      lost[l]! += 2 * loss[i]! * (sampleMm(fan) / 10);
      heard[i] = lost[l]! < most ? 1 : 0;
    }
  }
  const mask = new Uint8Array(canvas.label.length);
  forEachInFan(fan, canvas.frame, (n, line, sample) => {
    mask[n] = heard[Math.min(lines - 1, Math.round(line)) + lines * Math.min(samples - 1, Math.round(sample))]!;
  });
  return mask;
}
