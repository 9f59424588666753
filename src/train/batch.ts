import type { Rng } from "../core/rng.ts";
import { middleOf } from "../core/window.ts";
import { type AugmentedWindow, applyAugment, plainWindow } from "./augment/apply.ts";
import { type Augment, drawAugment } from "./augment/draw.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { drawWindow, type SliceGroups } from "./sampler.ts";
import { lesionBit, minLesionPixels, type TrainSlice } from "./slices.ts";
import { type Task, tasks } from "./task.ts";

/** What one step learns from, in memory. */
export interface Batch {
  readonly count: number;
  /** Height and width. */
  readonly size: number;
  /** count x size x size. */
  readonly image: Float32Array;
  /** Output channels of the task. */
  readonly channels: number;
  /** Height and width of the target: `size`, or 1 where a whole slice has one. */
  readonly targetSize: number;
  /** count x targetSize x targetSize x channels, 0 or 1; see task.ts. */
  readonly target: Float32Array;
  /** Where each slice came from, such as `sub-01_acq-axial#7`. */
  readonly ids: readonly string[];
}

/** The slices that training draws from. */
export interface TrainPool {
  readonly slices: readonly TrainSlice[];
  readonly groups: SliceGroups;
}

/** A batch, fully decided: {@link paintBatch} makes it, in whichever thread. Its slices are on shared memory. */
export interface BatchDraw {
  readonly task: TaskName;
  /** Height and width. */
  readonly size: number;
  readonly items: readonly {
    readonly slice: TrainSlice;
    /** Pixel of the slice that the window is centred on. */
    readonly x: number;
    readonly y: number;
    readonly augment: Augment;
  }[];
}

/**
 * Draws the n-th batch, from 1. It depends on the seed and n alone, never on what was drawn before:
 * that is what makes a resumed training equal an uninterrupted one.
 *
 * @param rng - The stream of the whole training; not drawn from.
 */
export function drawBatch(rng: Rng, pool: TrainPool, n: number, options: TrainOptions): BatchDraw {
  const ofStep = rng.fork("batch").fork(n);
  const { cropSize: size, task } = options;
  const items = Array.from({ length: options.batchSize }, (_, i) => {
    const ofItem = ofStep.fork(i);
    const window = drawWindow(ofItem.fork("window"), pool.slices, pool.groups, options.sampling);
    const slice = pool.slices[window.slice]!;
    const { x, y } = tasks[task].perSlice ? middleOf(slice) : window;
    return { slice, x, y, augment: drawAugment(ofItem.fork("augment"), options.augment, size) };
  });
  return { task, size, items };
}

/** The batch that was drawn. */
export function paintBatch({ task, size, items }: BatchDraw): Batch {
  const windows = items.map(({ slice, augment, ...centre }) => applyAugment(slice, centre, augment, size));
  return { ...pack(windows, size, tasks[task]), ids: items.map(({ slice }) => sliceId(slice)) };
}

/** A batch of plain windows: for validation. */
export function plainBatch(items: readonly { slice: TrainSlice; x: number; y: number }[], size: number, task: Task): Batch {
  const windows = items.map(({ slice, x, y }) => plainWindow(slice, { x, y }, size));
  return { ...pack(windows, size, task), ids: items.map(({ slice }) => sliceId(slice)) };
}

function sliceId(slice: TrainSlice): string {
  return `${slice.caseId}#${slice.index}`;
}

function pack(windows: readonly AugmentedWindow[], size: number, task: Task): Omit<Batch, "ids"> {
  const pixels = size * size;
  const channels = task.outputs.length;
  const image = new Float32Array(windows.length * pixels);
  const targetSize = task.perSlice ? 1 : size;
  const target = new Float32Array(channels * windows.length * targetSize ** 2);
  for (const [n, window] of windows.entries()) {
    image.set(window.image, n * pixels);
    if (task.perSlice) task.write(bitsOf(window.masks), target, channels * n);
    else for (let i = 0, at = channels * n * pixels; i < pixels; i++, at += channels) task.write(window.masks[i]!, target, at);
  }
  return { count: windows.length, size, channels, targetSize, image, target };
}

/** What a window shows at all: lesion from {@link minLesionPixels} pixels on. */
function bitsOf(masks: Uint8Array): number {
  let lesion = 0;
  for (const bits of masks) if (bits & lesionBit) lesion++;
  return lesion >= minLesionPixels ? lesionBit : 0;
}
