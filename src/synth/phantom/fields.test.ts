import { expect, test } from "vitest";
import { between, seededRng } from "../../core/rng.ts";
import { ellipsoid, type Field, polygonDistance, roundTube, smoothMax, smoothMin, tube } from "./fields.ts";
import { distanceLattice, gradientSize, latticeField, redistance, sampleField } from "./lattice.ts";

const rng = seededRng("fields");
const somewhere = (reach: number) => [0, 1, 2].map(() => between(rng, [-reach, reach])) as [number, number, number];

test("a sphere by any turn is at its exact distance", () => {
  const sphere = ellipsoid([1, -2, 3], [5, 5, 5], { yaw: 30, pitch: -50, roll: 70 });
  for (let i = 0; i < 200; i++) {
    const p = somewhere(12);
    expect(sphere(...p)).toBeCloseTo(Math.hypot(p[0] - 1, p[1] + 2, p[2] - 3) - 5, 9);
  }
});

test("turns are right-handed: yaw takes the front to the left, pitch the front up, roll the right side down", () => {
  const long: readonly [number, number, number] = [1, 6, 1];
  expect(ellipsoid([0, 0, 0], long, { yaw: 90 })(-5.5, 0, 0)).toBeLessThan(0);
  expect(ellipsoid([0, 0, 0], long, { pitch: 40 })(0, 4, 3.4)).toBeLessThan(0);
  expect(ellipsoid([0, 0, 0], long, { pitch: 40 })(0, 4, -3.4)).toBeGreaterThan(0);
  expect(ellipsoid([0, 0, 0], [6, 1, 1], { roll: 40 })(4, 0, -3.4)).toBeLessThan(0);
});

test("a round tube is the union of cones with round ends", () => {
  const a = [-3, 1, 0] as const;
  const b = [4, 2, 5] as const;
  const shape = roundTube(
    [
      { at: a, radius: 2 },
      { at: b, radius: 2 },
    ],
    1e-6,
  );
  for (let i = 0; i < 200; i++) {
    const p = somewhere(9);
    let nearest = Infinity;
    for (let k = 0; k <= 1000; k++)
      nearest = Math.min(nearest, Math.hypot(...p.map((v, c) => v - a[c]! - (k / 1000) * (b[c]! - a[c]!))));
    expect(Math.abs(shape(...p) - (nearest - 2))).toBeLessThan(2e-3);
  }
});

test("a tube's section is the ellipse its station names", () => {
  const section = { long: 6, short: 2, tilt: 30 };
  const shape = tube(
    [
      { at: [0, -20, 0], ...section },
      { at: [0, 20, 0], ...section },
    ],
    0.5,
  );
  const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
  for (const [u, v, inside] of [
    [5.9, 0, true],
    [6.1, 0, false],
    [0, 1.9, true],
    [0, 2.1, false],
    [4, 1.4, true],
    [4, 1.6, false],
  ] as const) {
    expect(shape(u * c - v * s, 3, u * s + v * c) < 0, `${u} ${v}`).toBe(inside);
  }
});

test("smooth minimum lies below both by at most a quarter of its width, and mirrors the maximum", () => {
  for (let i = 0; i < 300; i++) {
    const [a, b] = [between(rng, [-5, 5]), between(rng, [-5, 5])];
    const m = smoothMin(a, b, 2);
    expect(m).toBeLessThanOrEqual(Math.min(a, b));
    expect(m).toBeGreaterThanOrEqual(Math.min(a, b) - 0.5);
    expect(smoothMax(a, b, 2)).toBeCloseTo(-smoothMin(-a, -b, 2), 12);
  }
});

test("distance to a polygon agrees with walking along its edge", () => {
  const corners = [
    [0, 0],
    [8, 1],
    [6, 7],
    [3, 3],
    [-2, 6],
  ] as const;
  const distance = polygonDistance(corners);
  const edge = corners.flatMap(([x, y], i) => {
    const [px, py] = corners[(i + 1) % corners.length]!;
    return Array.from({ length: 500 }, (_, k) => [x + ((px - x) * k) / 500, y + ((py - y) * k) / 500] as const);
  });
  for (let i = 0; i < 200; i++) {
    const [u, v] = [between(rng, [-5, 11]), between(rng, [-3, 10])];
    const walked = Math.min(...edge.map(([x, y]) => Math.hypot(u - x, v - y)));
    expect(Math.abs(Math.abs(distance(u, v)) - walked)).toBeLessThan(0.02);
  }
  expect(distance(4, 2)).toBeLessThan(0);
  expect(distance(3, 4)).toBeGreaterThan(0); // in the dent
});

test("fast sweeping turns a distorted function into distance with unit slope", () => {
  const distorted: Field = (x, y, z) => (x * x + y * y + z * z - 49) * (0.02 + 0.01 * Math.sin(x));
  const bounds = { low: [-12, -12, -12], high: [12, 12, 12] } as const;
  const lattice = redistance(sampleField(distorted, bounds, 0.8));
  const distance = latticeField(lattice);
  for (let i = 0; i < 300; i++) {
    const p = somewhere(11);
    const exact = Math.hypot(...p) - 7;
    if (exact > -5) expect(Math.abs(distance(...p) - exact)).toBeLessThan(0.2 + 0.08 * Math.abs(exact));
  }
  const slopes = gradientSize(lattice).filter((_, n) => Math.abs(lattice.data[n]!) < 3);
  expect(slopes.reduce((a, b) => a + b, 0) / slopes.length).toBeCloseTo(1, 1);
});

test("distances of a field that is asked near its surface alone are those of one that is asked everywhere", () => {
  const bent = roundTube([{ at: [-9, 0, 0], radius: 2 }, { at: [0, 6, 3], radius: 3 }, { at: [8, -5, -2], radius: 0.7 }], 1); // biome-ignore format: one line
  const stretched: Field = (x, y, z) => bent(x, y, z) * (1.2 + 0.5 * Math.sin(x)); // an estimate, as most shapes are
  const bounds = { low: [-30, -24, -20], high: [31, 22, 23] } as const;
  let asked = 0;
  const counted: Field = (x, y, z) => {
    asked++;
    return stretched(x, y, z);
  };
  const all = redistance(sampleField(stretched, bounds, 0.8));
  const few = distanceLattice(counted, bounds, 0.8);
  expect(few.data.findIndex((d, n) => d !== all.data[n])).toBe(-1);
  expect(asked).toBeLessThan(all.data.length / 3);
});
