import fc from "fast-check";
import { expect, test } from "vitest";
import { rectangleArea } from "../../core/rectangle.ts";
import { seededRng } from "../../core/rng.ts";
import { applyMosaic, type BoxedPicture, drawMosaic, mosaicOptions } from "./mosaic.ts";

const side = 64;
const options = mosaicOptions.parse({});

/** A picture that is 1 + n within its n-th box and `level` elsewhere; boxes on whole pixels, one beside another. */
function boxed(seed: number, width: number, height: number, level = 0): BoxedPicture {
  const rng = seededRng(seed);
  const columns = Math.max(1, Math.floor(width / 16));
  const boxes = Array.from({ length: columns }, (_, i) => {
    const [left, right] = [Math.floor((i * width) / columns), Math.floor(((i + 1) * width) / columns)];
    const top = rng.below(Math.max(1, height - 12));
    return { box: { left, top, right, bottom: Math.min(height, top + 4 + rng.below(12)) }, label: i };
  });
  const data = new Float32Array(width * height).fill(level);
  for (const { box, label } of boxes)
    for (let y = box.top; y < box.bottom; y++) for (let x = box.left; x < box.right; x++) data[x + width * y] = 1 + label;
  return { image: { data, width, height }, boxes };
}

const cases = fc.tuple(
  fc.integer({ min: 0, max: 1e6 }),
  fc.array(fc.tuple(fc.integer({ min: 20, max: 90 }), fc.integer({ min: 20, max: 90 })), { minLength: 4, maxLength: 4 }),
);

test("every kept box is inside, large enough, and holds what its picture had there", () => {
  let kept = 0;
  fc.assert(
    fc.property(cases, ([seed, sizes]) => {
      const pictures = sizes.map(([w, h], i) => boxed(seed + i, w, h));
      const plan = drawMosaic(seededRng(seed), sizes, options, side);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      const { image, boxes } = applyMosaic(pictures, plan, options, -9);
      expect(boxes.length).toBeLessThanOrEqual(pictures.reduce((sum, of) => sum + of.boxes.length, 0));
      for (const { box, label } of boxes) {
        kept++;
        expect(box.left >= 0 && box.top >= 0 && box.right <= side && box.bottom <= side).toBe(true);
        expect(Math.min(box.right - box.left, box.bottom - box.top)).toBeGreaterThanOrEqual(options.leastSide);
        for (let y = Math.ceil(box.top + 3); y + 3 < box.bottom; y++)
          for (let x = Math.ceil(box.left + 3); x + 3 < box.right; x++)
            expect(image.data[x + side * y]).toBeCloseTo(1 + label, 4);
      }
    }),
    { numRuns: 60 },
  );
  expect(kept).toBeGreaterThan(200);
});

test("at their own size, boxes cover the pixels that their pictures coloured, to the pixel: areas are right, and what goes is too small", () => {
  const own = mosaicOptions.parse({ scale: [1, 1], leastVisible: 0, leastSide: 0 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const pictures = [0, 1, 2, 3].map((i) => boxed(seed + i, side, side - 8 * i));
      const plan = drawMosaic(seededRng(seed), pictures.map(({ image: { width, height } }) => [width, height] as const), own, side); // biome-ignore format: one line
      const { image, boxes } = applyMosaic(pictures, plan, own, -9);
      const coloured = [...image.data].filter((v) => v > 0.5).length;
      expect(boxes.reduce((sum, { box }) => sum + rectangleArea(box), 0)).toBe(coloured);
      for (const { box, label } of boxes)
        for (let y = box.top; y < box.bottom; y++)
          for (let x = box.left; x < box.right; x++) expect(image.data[x + side * y]).toBe(1 + label);
      const strict = applyMosaic(pictures, plan, { leastVisible: 0.5, leastSide: 5 }, -9).boxes;
      const enough = boxes.filter(({ box, label }) => {
        const tile = plan.tiles.findIndex(({ window }) => window.left <= box.left && box.right <= window.right && window.top <= box.top && box.bottom <= window.bottom); // biome-ignore format: one line
        const whole = rectangleArea(pictures[tile]!.boxes.find((of) => of.label === label)!.box);
        return Math.min(box.right - box.left, box.bottom - box.top) >= 5 && rectangleArea(box) >= 0.5 * whole;
      });
      expect(strict).toEqual(enough);
    }),
    { numRuns: 40 },
  );
});

test("what no picture covers is filled, what one covers is not, and the windows tile the mosaic", () => {
  const pictures = [0, 1, 2, 3].map((i) => boxed(i, 40, 30, 0.25));
  const plan = drawMosaic(seededRng(7), pictures.map(() => [40, 30] as const), options, side); // biome-ignore format: one line
  const { data } = applyMosaic(pictures, plan, options, -9).image;
  let covered = 0;
  for (const { size, left, top, window } of plan.tiles) {
    const tile = { left: Math.max(left, window.left), top: Math.max(top, window.top), right: Math.min(left + size[0], window.right), bottom: Math.min(top + size[1], window.bottom) }; // biome-ignore format: one line
    covered += rectangleArea(tile);
  }
  expect([...data].filter((v) => v > 0).length).toBe(covered);
  expect([...data].filter((v) => v === -9).length).toBe(side * side - covered);
  expect(plan.tiles.reduce((sum, { window }) => sum + rectangleArea(window), 0)).toBe(side * side);
  expect(() => drawMosaic(seededRng(1), [[3, 3]], options, side)).toThrow("four pictures; got 1");
});
