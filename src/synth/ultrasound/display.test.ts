import { expect, test } from "vitest";
import { forEachInFan, shown } from "./display.ts";
import { type Fan, frameOf } from "./fan.ts";

const fan: Fan = { radiusMm: 40, angleDeg: 70, depthMm: 90, lines: 101, samples: 180 };
const frame = frameOf(fan, 200);
const display = { dynamicRangeDb: 60, whiteDb: 0, gamma: 1 };

/** 1 for the pixels that the fan covers. */
function fanMask(): Uint8Array {
  const mask = new Uint8Array(frame.width * frame.height);
  forEachInFan(fan, frame, (n) => {
    mask[n] = 1;
  });
  return mask;
}

test("an echo is shown where it comes from", () => {
  const envelope = new Float32Array(fan.lines * fan.samples);
  const [line, sample] = [80, 120];
  envelope[line + fan.lines * sample] = 1;
  const { data, width } = shown(envelope, fan, frame, display);
  const brightest = data.indexOf(Math.max(...data));
  const x = frame.left + ((brightest % width) + 0.5) * frame.pixelMm;
  const y = frame.top + (Math.floor(brightest / width) + 0.5) * frame.pixelMm;
  const angle = ((line / 100 - 0.5) * 70 * Math.PI) / 180;
  const depth = 40 + (sample + 0.5) * 0.5;
  expect(Math.hypot(x - depth * Math.sin(angle), y - depth * Math.cos(angle))).toBeLessThan(1);
});

test("grey is linear in decibels, and nothing lies outside the fan", () => {
  const level = (amplitude: number) => {
    const { data } = shown(new Float32Array(fan.lines * fan.samples).fill(amplitude), fan, frame, display);
    const mask = fanMask();
    expect(data.every((v, i) => mask[i] === 1 || v === 0)).toBe(true);
    return data[100 + 200 * 100]!;
  };
  expect([1, 10 ** (-15 / 20), 10 ** (-30 / 20), 10 ** (-61 / 20)].map(level)).toEqual([255, 191, 128, 0]);
  const share = fanMask().reduce((sum, v) => sum + v, 0) * frame.pixelMm ** 2;
  const area = ((70 * Math.PI) / 180 / 2) * (130 ** 2 - 40 ** 2);
  expect(share).toBeLessThan(area);
  expect(share).toBeGreaterThan(0.7 * area); // the sides of a fan wider than deep are cut off
});
