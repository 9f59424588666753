import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRng } from "../../core/rng.ts";
import { brainBit, lesionBit, quantum, type TrainSlice } from "../slices.ts";
import { applyAugment, plainWindow } from "./apply.ts";
import { type Augment, drawAugment } from "./draw.ts";
import { elasticField } from "./elastic.ts";
import { dilate, gaussianBlur } from "./filters.ts";
import { augmentOptions } from "./options.ts";

const none: Augment = {
  mirror: false,
  angle: 0,
  scale: 1,
  shift: [0, 0],
  elastic: null,
  gamma: 1,
  contrast: 1,
  brightness: 1,
  bias: [0, 0, 0, 0, 0],
  blurPixels: 0,
  noise: 0,
  noiseSeed: 1,
  lowResolution: 1,
  maskMargin: null,
  cutout: [],
};

/** A slice whose brain is brighter than the rest and whose lesion is darker than all: masks can be told from the image. */
function slice(width = 40, height = 30): TrainSlice {
  const masks = new Uint8Array(width * height);
  const pixels = Uint16Array.from(masks, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const brain = Math.hypot((x - 20) / 14, (y - 14) / 11) < 1;
    const lesion = Math.hypot(x - 24, y - 11) < 4;
    masks[i] = (brain ? brainBit : 0) | (lesion ? lesionBit : 0);
    return quantum * (lesion ? 0.25 : brain ? 1 : 0.5);
  });
  const count = (bit: number) => masks.filter((m) => m & bit).length;
  return {
    caseId: "a",
    index: 0,
    width,
    height,
    pixels,
    masks,
    lesionPixels: count(lesionBit),
    brainPixels: count(brainBit),
    maskedGain: 1.25,
  };
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);

describe("geometry", () => {
  test("no variation is the plain window, black beyond the slice", () => {
    for (const [x, y] of [
      [20, 15],
      [3, 28],
      [39, 0],
    ] as const) {
      // biome-ignore format: one line
      const plain = plainWindow(slice(), { x, y }, 32);
      const same = applyAugment(slice(), { x: x - 0.5, y: y - 0.5 }, none, 32);
      expect(worst(same.image, plain.image)).toBeLessThan(1e-6);
      expect(same.masks).toEqual(plain.masks);
    }
    const corner = plainWindow(slice(), { x: 39, y: 0 }, 32);
    expect(corner.image[0]).toBe(0); // above the slice
    expect(corner.image[16 + 32 * 16]).toBe(0.5); // its top right pixel
    expect(corner.image[17 + 32 * 16]).toBe(0); // right of it
  });

  test("a quarter turn and a mirror move pixels, exactly and where they should", () => {
    const size = 24;
    const plain = plainWindow(slice(), { x: 20, y: 14 }, size);
    const centre = { x: 19.5, y: 13.5 };
    const turned = applyAugment(slice(), centre, { ...none, angle: Math.PI / 2 }, size);
    const mirrored = applyAugment(slice(), centre, { ...none, mirror: true }, size);
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        // Output (u, v) looks at (-v, u) of the source, from the centre.
        expect(turned.image[x + size * y]).toBeCloseTo(plain.image[size - 1 - y + size * x]!, 5);
        expect(mirrored.image[x + size * y]).toBeCloseTo(plain.image[size - 1 - x + size * y]!, 5);
      }
  });

  test("masks go where the image goes, however it is bent", () => {
    const options = augmentOptions.parse({ elasticShare: 1, elasticPixels: [1, 2], elasticCellPixels: 12, shift: [-0.2, 0.2] });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { gamma, contrast, brightness, bias, blurPixels, noise, lowResolution, maskMargin, ...space } = drawAugment(
          seededRng(seed),
          options,
          32,
        );
        const { image, masks } = applyAugment(slice(), { x: 22, y: 13 }, { ...none, ...space }, 32);
        // Linear for the image, nearest for the mask: the nearest of four pixels has at least a quarter of the weight.
        for (let i = 0; i < image.length; i++) {
          if (masks[i]! & lesionBit) expect(image[i]).toBeLessThan(0.82);
          else if (masks[i]! & brainBit) expect(image[i]).toBeGreaterThan(0.43);
          if (image[i]! > 0.88) expect(masks[i]).toBe(brainBit);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("magnification by 2 makes areas 4 times as large", () => {
    const lesion = (scale: number) =>
      applyAugment(slice(), { x: 24, y: 11 }, { ...none, scale }, 40).masks.filter((m) => m & lesionBit).length;
    expect(Math.abs(lesion(2) / lesion(1) / 4 - 1)).toBeLessThan(0.08);
  });
});

describe("intensity", () => {
  test("brightness, gamma and contrast do to each pixel what their formulas say", () => {
    const plain = plainWindow(slice(), { x: 20, y: 14 }, 20).image;
    const of = (augment: Partial<Augment>) => applyAugment(slice(), { x: 19.5, y: 13.5 }, { ...none, ...augment }, 20).image;
    expect(
      worst(
        of({ brightness: 1.3 }),
        plain.map((v) => 1.3 * v),
      ),
    ).toBeLessThan(1e-5);
    expect(
      worst(
        of({ gamma: 1.7 }),
        plain.map((v) => v ** 1.7),
      ),
    ).toBeLessThan(1e-5);
    const mean = plain.reduce((a, b) => a + b, 0) / plain.length;
    expect(
      worst(
        of({ contrast: 0.6 }),
        plain.map((v) => mean + 0.6 * (v - mean)),
      ),
    ).toBeLessThan(1e-5);
    const edge = Math.exp(0.3 * (1 / 20 - 1) + 0.1 * (1 / 20 - 1) ** 2);
    expect(of({ bias: [0.3, 0, 0, 0.1, 0] })[0]! / plain[0]!).toBeCloseTo(edge, 5);
  });

  test("noise has the deviation asked for, is never negative, and leaves black alone", () => {
    const flat = { ...slice(64, 60), pixels: new Uint16Array(64 * 60).fill(quantum / 2) };
    const { image } = applyAugment(flat, { x: 31.5, y: 31.5 }, { ...none, noise: 0.1 }, 64);
    const lit = image.subarray(0, 64 * 59);
    const mean = lit.reduce((a, b) => a + b, 0) / lit.length;
    const deviation = Math.sqrt(lit.reduce((a, b) => a + (b - mean) ** 2, 0) / lit.length);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(deviation).toBeCloseTo(0.1, 2);
    expect(image.subarray(64 * 62).every((v) => v === 0)).toBe(true);
    const strong = applyAugment(flat, { x: 31.5, y: 31.5 }, { ...none, noise: 1 }, 64).image;
    expect(strong.every((v) => v >= 0)).toBe(true);
  });

  test("masking blackens what is farther from the brain than the margin, and scales the rest by the slice's gain", () => {
    const { image, masks } = applyAugment(slice(), { x: 19.5, y: 13.5 }, { ...none, maskMargin: 2 }, 40);
    for (let i = 0; i < image.length; i++) {
      const [x, y] = [i % 40, Math.floor(i / 40)];
      let near = false;
      for (let k = 0; k < image.length; k++)
        if (masks[k]! & brainBit && Math.abs((k % 40) - x) + Math.abs(Math.floor(k / 40) - y) <= 2) near = true;
      if (!near) expect(image[i]).toBe(0);
      else if (masks[i]! & brainBit && !(masks[i]! & lesionBit)) expect(image[i]).toBeCloseTo(1.25, 5);
    }
  });

  // scipy 1.17: gaussian_filter(x, 0.8, mode="nearest", radius=3) on x = (arange(64) ** 2 * 7 % 31).reshape(8, 8), first two rows.
  test("the blur equals scipy's", () => {
    const image = Float32Array.from({ length: 64 }, (_, i) => (i * i * 7) % 31);
    const blurred = gaussianBlur(image, 8, 0.8);
    expect(worst(blurred.subarray(0, 16), scipyRows)).toBeLessThan(1e-4);
  });
});

test("an elastic grid of one displacement moves all alike, a linear one grows evenly, a drawn one has the deviation asked for", () => {
  const size = 50;
  const points = Math.ceil(size / 16) + 3;
  const grid = (f: (column: number, row: number) => number) =>
    Array.from({ length: points * points }, (_, i) => f(i % points, Math.floor(i / points)));
  const { dx, dy } = elasticField({ cell: 16, points, dx: grid(() => 3), dy: grid((c, r) => 2 * c - r) }, size);
  expect(worst(dx, new Array(size * size).fill(3))).toBeLessThan(1e-6);
  dy.forEach((v, i) => {
    expect(v).toBeCloseTo(2 * ((i % size) / 16 + 1) - (Math.floor(i / size) / 16 + 1), 4);
  });
  const options = augmentOptions.parse({ elasticShare: 1, elasticPixels: [2, 2] });
  let sum = 0;
  for (let seed = 0; seed < 40; seed++) {
    const field = elasticField(drawAugment(seededRng(seed), options, 128).elastic!, 128);
    sum += field.dx.reduce((a, b) => a + b * b, 0) / field.dx.length;
  }
  expect(Math.sqrt(sum / 40)).toBeGreaterThan(1.8);
  expect(Math.sqrt(sum / 40)).toBeLessThan(2.2);
});

test("squares are cut out of image and masks alike, over the border too, and all else stays", () => {
  const [size, whole] = [24, applyAugment(slice(), { x: 20, y: 14 }, none, 24)];
  const cutout = [{ left: 10, top: 3, side: 8 }, { left: -3, top: 20, side: 9 }, { left: 5, top: 5, side: 0 }, { left: 20, top: -4, side: 6 }]; // biome-ignore format: a list
  const cut = applyAugment(slice(), { x: 20, y: 14 }, { ...none, cutout }, size);
  for (let i = 0; i < size * size; i++) {
    const [x, y] = [i % size, Math.floor(i / size)];
    const isOut = cutout.some(({ left, top, side }) => x >= left && x < left + side && y >= top && y < top + side);
    expect([cut.image[i], cut.masks[i]]).toEqual(isOut ? [0, 0] : [whole.image[i], whole.masks[i]]);
  }
});

test("as many squares as asked for, their middles anywhere in the window, and all else is drawn as without them", () => {
  const options = augmentOptions.parse({ cutoutShare: 0.5, cutoutSquares: 3, cutoutSide: [0.25, 0.5] });
  const drawn = Array.from({ length: 400 }, (_, i) => drawAugment(seededRng(i), options, 64));
  const some = drawn.filter(({ cutout }) => cutout.length > 0);
  expect(some.length / 400).toBeCloseTo(0.5, 1);
  const squares = some.flatMap(({ cutout }) => cutout);
  expect(squares).toHaveLength(3 * some.length);
  expect(squares.every(({ side }) => side >= 16 && side <= 32)).toBe(true);
  const middles = squares.flatMap(({ left, top, side }) => [left + (side >> 1), top + (side >> 1)]);
  expect([Math.min(...middles), Math.max(...middles)]).toEqual([0, 63]);
  const without = Array.from({ length: 400 }, (_, i) => drawAugment(seededRng(i), augmentOptions.parse({}), 64));
  expect(drawn.map((augment) => ({ ...augment, cutout: [] }))).toEqual(without);
});

test("dilation is the city-block distance", () => {
  const mask = Uint8Array.from({ length: 225 }, (_, i) => (i === 7 + 15 * 7 || i === 0 ? 1 : 0));
  for (const radius of [0, 1, 3]) {
    const grown = dilate(mask, 15, radius);
    grown.forEach((inside, i) => {
      const [x, y] = [i % 15, Math.floor(i / 15)];
      expect(inside).toBe(Math.abs(x - 7) + Math.abs(y - 7) <= radius || x + y <= radius ? 1 : 0);
    });
  }
  expect(dilate(new Uint8Array(9), 3, 9).some((v) => v)).toBe(false);
});

test("what is drawn is plain JSON within its ranges, and applying it again gives the same pixels without touching the slice", () => {
  const options = augmentOptions.parse({ elasticShare: 1, noiseShare: 1, blurShare: 1, lowResolutionShare: 1, maskShare: 1 });
  const source = slice();
  const before = structuredClone(source);
  for (let seed = 0; seed < 20; seed++) {
    const drawn = drawAugment(seededRng(seed), options, 32);
    expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
    for (const [value, [low, high]] of [
      [drawn.gamma, options.gamma],
      [drawn.scale, options.scale],
      [drawn.noise, options.noise],
    ] as const) {
      expect(value >= low && value <= high).toBe(true);
    }
    expect(drawn.bias.reduce((sum, c) => sum + Math.abs(c), 0)).toBeLessThanOrEqual(options.biasField[1] + 1e-9);
    expect(applyAugment(source, { x: 9, y: 9 }, drawn, 32)).toEqual(applyAugment(source, { x: 9, y: 9 }, drawn, 32));
  }
  expect(source).toEqual(before);
});

const scipyRows = [
  5.06723, 10.50531, 15.54055, 12.11146, 14.24945, 13.78074, 8.5621, 7.14725, 11.79797, 11.48952, 13.37596, 12.55079, 12.98057,
  11.75418, 10.77096, 14.03609,
];
