import fc from "fast-check";
import { expect, test } from "vitest";
import { boxAround } from "./box.ts";

test("holds every voxel of the set and, without a margin, one on each of its six faces; a margin ends at the grid", () => {
  const shape = [5, 4, 3] as const;
  const place = (i: number) => [i % 5, Math.floor(i / 5) % 4, Math.floor(i / 20)];
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 60, maxLength: 60, max: 1 }), (inside) => {
      const set = [...inside.keys()].filter((i) => inside[i] === 1).map(place);
      const { low, high } = boxAround(inside, shape, [1, 1, 1], 0);
      if (set.length === 0) expect([low, high]).toEqual([[0, 0, 0], [-1, -1, -1]]); // biome-ignore format: short
      for (const axis of [0, 1, 2]) {
        const along = set.map((p) => p[axis]!);
        if (along.length > 0) expect([low[axis], high[axis]]).toEqual([Math.min(...along), Math.max(...along)]);
      }
      const wide = boxAround(inside, shape, [1, 2, 0.5], 1);
      for (const [axis, voxels] of [1, 1, 2].entries()) {
        if (set.length === 0) continue;
        expect(wide.low[axis]).toBe(Math.max(0, low[axis]! - voxels));
        expect(wide.high[axis]).toBe(Math.min(shape[axis]! - 1, high[axis]! + voxels));
      }
    }),
  );
});
