import { expect, test } from "vitest";
import { type Beam, echoes } from "./beam.ts";
import { type Canvas, makeCanvas, paint, type Tissue } from "./canvas.ts";
import { type Fan, frameOf, sampleMm } from "./fan.ts";
import { seenMask } from "./seen.ts";
import { ellipse, stroke } from "./shapes.ts";

const fan: Fan = { radiusMm: 50, angleDeg: 60, depthMm: 100, lines: 160, samples: 320 };
const beam: Beam = {
  frequencyMHz: 3.5,
  cycles: 2.5,
  fNumber: 3,
  focusMm: 50,
  looks: 1,
  specularDb: 25,
  specularPower: 2,
  reverberationDb: -200,
  reverberationMm: 8,
  noiseDb: -200,
  timeGainDb: [0, 0],
  seed: 1,
};
const tissue: Tissue = { echo: 0, loss: 0, impedance: 1 };
const still = { sizeMm: 0, wavelengthMm: 20, seed: 1 };

/** A plane of one tissue; u is x, v is the depth below the probe's face, mm. */
function plane(fill: Tissue): Canvas {
  return makeCanvas(frameOf(fan, 224), { centre: [0, fan.radiusMm], turnDeg: 0, mirrored: false }, still, fill);
}

interface Part {
  readonly lines: readonly [number, number];
  readonly depthMm: readonly [number, number];
}

/** Envelope values in a part of the fan. */
function valuesIn(envelope: Float32Array, { lines: [l0, l1], depthMm: [d0, d1] }: Part): number[] {
  const out: number[] = [];
  for (let s = Math.round(d0 / sampleMm(fan)); s < Math.round(d1 / sampleMm(fan)); s++)
    for (let l = l0; l < l1; l++) out.push(envelope[l + fan.lines * s]!);
  return out;
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((v) => (v - middle) ** 2)));
}
const ratio = (envelope: Float32Array) => {
  const values = valuesIn(envelope, { lines: [10, 150], depthMm: [5, 95] });
  return mean(values) / deviation(values);
};
const decibels = (a: number, b: number) => 20 * Math.log10(a / b);

test("speckle of homogeneous tissue is fully developed: mean over standard deviation 1.91, mean power that of the tissue", () => {
  const envelope = echoes(plane(tissue), fan, beam);
  expect(ratio(envelope)).toBeCloseTo(Math.sqrt(Math.PI / (4 - Math.PI)), 1); // 1.91, Rayleigh
  const power = mean(valuesIn(envelope, { lines: [10, 150], depthMm: [5, 95] }).map((v) => v * v));
  expect(power).toBeCloseTo(1, 1);
});

test("looks that are averaged take speckle away by the root of their number; few scatterers make it coarser than Rayleigh", () => {
  expect(ratio(echoes(plane(tissue), fan, { ...beam, looks: 4 }))).toBeCloseTo(2 * 1.913, 0);
  expect(ratio(echoes(plane({ ...tissue, density: 0.02 }), fan, beam))).toBeLessThan(1.5);
});

test("behind bone it is darker by what the bone takes on the way there and back, behind fluid brighter", () => {
  const lossy = { ...tissue, loss: 1 };
  const canvas = plane(lossy);
  paint(canvas, stroke([-12, 30, 1], [-8, 30, 1]), { tissue: { ...tissue, loss: 20 } });
  paint(canvas, ellipse([20, 35], [10, 10]), { tissue: { echo: -60, loss: 0, impedance: 1 } });
  const envelope = echoes(canvas, fan, beam);
  const below = (from: number, to: number) => mean(valuesIn(envelope, { lines: [from, to], depthMm: [50, 60] }));
  const lineAt = (x: number, depth: number) => Math.round(((Math.atan2(x, 50 + depth) * 180) / Math.PI / 60 + 0.5) * 159);
  const plain = below(lineAt(0, 30) - 4, lineAt(0, 30) + 4);
  expect(decibels(below(lineAt(-10, 30) - 2, lineAt(-10, 30) + 2), plain)).toBeCloseTo(-2 * 19 * 0.2, -0.5);
  expect(decibels(below(lineAt(20, 35) - 2, lineAt(20, 35) + 2), plain)).toBeGreaterThan(2);
});

test("the shadow of bone is not seen, beyond the fan nothing", () => {
  const canvas = plane({ ...tissue, loss: 1 });
  paint(canvas, stroke([-12, 30, 1], [-8, 30, 1]), { tissue: { ...tissue, loss: 80 } });
  const mask = seenMask(canvas, fan, { ...beam, timeGainDb: [0, 20] });
  const at = (x: number, depth: number) => {
    const { left, top, pixelMm, width } = canvas.frame;
    return mask[Math.round((x - left) / pixelMm - 0.5) + width * Math.round((50 + depth - top) / pixelMm - 0.5)];
  };
  expect([at(-9, 20), at(-14, 60), at(10, 60), at(50, 5)]).toEqual([1, 0, 1, 0]);
});
test("a surface answers when it faces the probe, and little when it does not", () => {
  const dark = { echo: -60, loss: 0, impedance: 1 };
  const brightest = (turned: number) => {
    const canvas = plane(dark);
    const [c, s] = [8 * Math.cos(turned), 8 * Math.sin(turned)];
    paint(canvas, stroke([-c, 50 - s, 1], [c, 50 + s, 1]), { tissue: { ...dark, impedance: 1.2 } });
    return Math.max(...valuesIn(echoes(canvas, fan, beam), { lines: [77, 83], depthMm: [47, 53] }));
  };
  expect(decibels(brightest(0), brightest(1.2))).toBeGreaterThan(10);
});

test("a point is as wide as wavelength times f-number at the focus, and wider away from it", () => {
  const width = (depth: number) => {
    const canvas = plane({ echo: -200, loss: 0, impedance: 1 });
    paint(canvas, ellipse([0, depth], [0.25, 0.25]), { tissue });
    const envelope = echoes(canvas, fan, { ...beam, fNumber: 4 });
    const row = Array.from({ length: fan.lines }, (_, l) =>
      Math.max(...valuesIn(envelope, { lines: [l, l + 1], depthMm: [depth - 2, depth + 2] })),
    );
    const above = row.filter((v) => v > Math.max(...row) / 2).length;
    return above * ((60 * Math.PI) / 180 / 159) * (50 + depth);
  };
  const expected = 4 * (1.54 / 3.5);
  expect(Math.abs(width(50) - expected)).toBeLessThan(0.9); // lines are 0.66 mm apart there, the point half a millimetre wide
  expect(width(95)).toBeGreaterThan(width(50));
});

test("the same beam gives the same echoes, another seed others", () => {
  const canvas = plane(tissue);
  expect(echoes(canvas, fan, beam)).toEqual(echoes(canvas, fan, beam));
  expect(echoes(canvas, fan, { ...beam, seed: 2 })).not.toEqual(echoes(canvas, fan, beam));
});
