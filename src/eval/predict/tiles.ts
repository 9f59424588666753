import type { Image } from "../../core/volume.ts";

/** A window of a slice that goes through the network, and the part of it that is kept. */
export interface Tile {
  /** Left and top edge of the window in the slice, pixels. */
  readonly x: number;
  readonly y: number;
  /** What is kept, in the slice: from (`left`, `top`) up to but not including (`right`, `bottom`). */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Size of all windows of a slice, and the windows. One window where the slice is not larger than `largest`. */
export interface Tiling {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly Tile[];
}

/**
 * Covers a slice by windows whose sides are multiples of `multiple` and at most about `largest`, so that memory does not grow
 * with the slice. Windows overlap; of each the middle is kept, at least `margin` pixels from an inner edge.
 */
export function tileSlice(width: number, height: number, multiple: number, largest = 1024, margin = 128): Tiling {
  const up = (n: number) => Math.ceil(n / multiple) * multiple;
  const [columns, rows] = [
    cuts(width, up(Math.min(width, largest)), margin),
    cuts(height, up(Math.min(height, largest)), margin),
  ];
  const tiles = rows.flatMap((r) =>
    columns.map((c) => ({ x: c.start, y: r.start, left: c.from, right: c.to, top: r.from, bottom: r.to })),
  );
  return { width: up(Math.min(width, largest)), height: up(Math.min(height, largest)), tiles };
}

/** Along one side: where windows start, and from where to where each is kept. */
function cuts(length: number, window: number, margin: number): { start: number; from: number; to: number }[] {
  if (length <= window) return [{ start: 0, from: 0, to: length }];
  const step = window - 2 * margin;
  const count = 1 + Math.ceil((length - window) / step);
  const starts = Array.from({ length: count }, (_, i) => Math.round((i * (length - window)) / (count - 1)));
  const seam = (i: number) => Math.round((starts[i - 1]! + window + starts[i]!) / 2); // between window i - 1 and i
  return starts.map((start, i) => ({ start, from: i === 0 ? 0 : seam(i), to: i === count - 1 ? length : seam(i + 1) }));
}

/** Copies a window of a slice into `out` at `offset`, row by row; outside the slice stays what `out` holds. */
export function copyWindow(slice: Image, tiling: Tiling, tile: Tile, out: Float32Array, offset: number): void {
  const columns = Math.min(tiling.width, slice.width - tile.x);
  const rows = Math.min(tiling.height, slice.height - tile.y);
  for (let y = 0; y < rows; y++) {
    const from = tile.x + slice.width * (tile.y + y);
    out.set(slice.data.subarray(from, from + columns), offset + tiling.width * y);
  }
}

/** Copies the kept part of a window from channel `channel` of `channels` interleaved ones into a slice. */
export function keepWindow(
  values: Float32Array,
  offset: number,
  channel: number,
  channels: number,
  tiling: Tiling,
  tile: Tile,
  into: Image,
): void {
  for (let y = tile.top; y < tile.bottom; y++) {
    const row = offset + (y - tile.y) * tiling.width;
    for (let x = tile.left; x < tile.right; x++) into.data[x + into.width * y] = values[(row + x - tile.x) * channels + channel]!;
  }
}
