import { connectedComponents } from "./components.ts";
import { forEachVoxel, type Image } from "./volume.ts";

/** A connected patch of a mask: pixels from (x0, y0) up to but not including (x1, y1); x is the first in-plane array axis. */
export interface PatchBox {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly pixels: number;
}

/**
 * The patches of a mask: pixels that are not 0 and touch, by a corner at least.
 * @returns `labels` with n for each pixel of `boxes[n - 1]`, 0 elsewhere.
 */
export function patchesOf({ data, width, height }: Image<Uint8Array | Uint16Array>): {
  labels: ArrayLike<number>;
  boxes: PatchBox[];
} {
  if (!data.some((v) => v !== 0)) return { labels: data, boxes: [] };
  const { labels, sizes } = connectedComponents((i) => data[i] !== 0, [width, height, 1], "corners");
  const boxes = [...sizes].slice(1).map((pixels) => ({ x0: width, y0: height, x1: 0, y1: 0, pixels }));
  forEachVoxel([width, height, 1], (i, x, y) => {
    const box = boxes[labels[i]! - 1];
    if (!box) return;
    box.x0 = Math.min(box.x0, x);
    box.y0 = Math.min(box.y0, y);
    box.x1 = Math.max(box.x1, x + 1);
    box.y1 = Math.max(box.y1, y + 1);
  });
  return { labels, boxes };
}
