import { chance, type Rng } from "../core/rng.ts";
import { middleOf } from "../core/window.ts";
import { type AugmentedWindow, applyAugment, plainWindow } from "./augment/apply.ts";
import { type Augment, drawAugment } from "./augment/draw.ts";
import { drawMosaic, type Mosaic, mosaicWindow } from "./detect/mosaic.ts";
import type { Anchors } from "./detect/target.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { drawWindow, type SliceGroups } from "./sampler.ts";
import type { TrainSlice } from "./slices.ts";
import { type Target, type Task, tasks } from "./task.ts";

/** What one step learns from, in memory. */
export interface Batch {
  readonly count: number;
  /** Height and width. */
  readonly size: number;
  /** count x size x size. */
  readonly image: Float32Array;
  /** See task.ts. */
  readonly target: Target;
  /** Where each slice came from, such as `sub-01_acq-axial#7`; four in a mosaic. */
  readonly ids: readonly string[];
}

/** The slices that training draws from. */
export interface TrainPool {
  readonly slices: readonly TrainSlice[];
  readonly groups: SliceGroups;
}

/** Part of a slice, and how it is varied. */
interface WindowDraw {
  readonly slice: TrainSlice;
  /** Pixel of the slice that the window is centred on. */
  readonly x: number;
  readonly y: number;
  readonly augment: Augment;
}

/** A batch, fully decided: {@link paintBatch} makes it, in whichever thread. Its slices are on shared memory. */
export interface BatchDraw {
  readonly task: TaskName;
  /** Height and width. */
  readonly size: number;
  /** Of a detector; null for every other network. */
  readonly anchors: Anchors | null;
  /** One window each, or four that a mosaic puts together. */
  readonly items: readonly { readonly windows: readonly WindowDraw[]; readonly mosaic: Mosaic | null }[];
}

/**
 * Draws the n-th batch, from 1. It depends on the seed and n alone, never on what was drawn before:
 * that is what makes a resumed training equal an uninterrupted one.
 *
 * @param rng - The stream of the whole training; not drawn from.
 */
export function drawBatch(
  rng: Rng,
  pool: TrainPool,
  n: number,
  options: TrainOptions,
  anchors: Anchors | null = null,
): BatchDraw {
  const ofStep = rng.fork("batch").fork(n);
  const { cropSize: size, task, augment } = options;
  const draw = (of: Rng): WindowDraw => {
    const window = drawWindow(of.fork("window"), pool.slices, pool.groups, options.sampling);
    const slice = pool.slices[window.slice]!;
    const { x, y } = tasks[task].perSlice ? middleOf(slice) : window;
    return { slice, x, y, augment: drawAugment(of.fork("augment"), augment, size) };
  };
  const items = Array.from({ length: options.batchSize }, (_, i) => {
    const [ofItem, ofMosaic] = [ofStep.fork(i), ofStep.fork(i).fork("mosaic")];
    if (!chance(ofMosaic, augment.mosaicShare)) return { windows: [draw(ofItem)], mosaic: null };
    const ranges = { middle: augment.mosaicMiddle, scale: augment.mosaicScale, mirror: 0 }; // each is mirrored by itself
    const sizes = Array.from({ length: 4 }, () => [size, size] as const);
    return { windows: sizes.map((_, k) => draw(ofItem.fork(k))), mosaic: drawMosaic(ofMosaic, sizes, ranges, size) };
  });
  return { task, size, anchors, items };
}

/** The batch that was drawn. */
export function paintBatch({ task, size, anchors, items }: BatchDraw): Batch {
  const painted = items.map(({ windows, mosaic }) => {
    const each = windows.map(({ slice, augment, ...centre }) => applyAugment(slice, centre, augment, size));
    return mosaic === null ? each[0]! : mosaicWindow(each, mosaic);
  });
  const ids = items.flatMap(({ windows }) => windows.map(({ slice }) => sliceId(slice)));
  return { ...pack(painted, size, tasks[task], anchors), ids };
}

/** A batch of plain windows, and their masks: for validation. */
export function plainBatch(
  items: readonly { slice: TrainSlice; x: number; y: number }[],
  size: number,
  task: Task,
  anchors: Anchors | null = null,
): Batch & { readonly masks: readonly Uint8Array[] } {
  const windows = items.map(({ slice, x, y }) => plainWindow(slice, { x, y }, size));
  return {
    ...pack(windows, size, task, anchors),
    ids: items.map(({ slice }) => sliceId(slice)),
    masks: windows.map((w) => w.masks),
  };
}

function sliceId(slice: TrainSlice): string {
  return `${slice.caseId}#${slice.index}`;
}

function pack(windows: readonly AugmentedWindow[], size: number, task: Task, anchors: Anchors | null): Omit<Batch, "ids"> {
  const image = new Float32Array(windows.length * size * size);
  for (const [n, window] of windows.entries()) image.set(window.image, n * size * size);
  const target = task.target(windows.map(({ masks }) => masks), size, anchors); // biome-ignore format: short
  return { count: windows.length, size, image, target };
}
