import type { Rng } from "../core/rng.ts";
import { type AugmentedWindow, applyAugment, plainWindow } from "./augment/apply.ts";
import { drawAugment } from "./augment/draw.ts";
import type { TrainOptions } from "./options.ts";
import { drawWindow, type SliceGroups } from "./sampler.ts";
import { brainBit, lesionBit, type TrainSlice } from "./slices.ts";

/** What one step learns from, in memory. */
export interface Batch {
  readonly count: number;
  /** Height and width. */
  readonly size: number;
  /** count x size x size. */
  readonly image: Float32Array;
  /** count x size x size x 2: lesion, brain; 0 or 1. */
  readonly target: Float32Array;
  /** Where each slice came from, such as `sub-01_acq-axial#7`. */
  readonly ids: readonly string[];
}

/** The slices that training draws from. */
export interface TrainPool {
  readonly slices: readonly TrainSlice[];
  readonly groups: SliceGroups;
}

/**
 * The batch of a step. It depends on the seed and the step alone, never on what was drawn before:
 * that is what makes a resumed training equal an uninterrupted one.
 *
 * @param rng - The stream of the whole training; not drawn from.
 */
export function drawBatch(rng: Rng, pool: TrainPool, step: number, options: TrainOptions): Batch {
  const ofStep = rng.fork("batch").fork(step);
  const size = options.cropSize;
  const ids: string[] = [];
  const windows = Array.from({ length: options.batchSize }, (_, i) => {
    const ofItem = ofStep.fork(i);
    const window = drawWindow(ofItem.fork("window"), pool.slices, pool.groups, options.sampling);
    const slice = pool.slices[window.slice]!;
    ids.push(sliceId(slice));
    return applyAugment(slice, window, drawAugment(ofItem.fork("augment"), options.augment, size), size);
  });
  return { ...pack(windows, size), ids };
}

/** A batch of plain windows: for validation. */
export function plainBatch(items: readonly { slice: TrainSlice; x: number; y: number }[], size: number): Batch {
  const windows = items.map(({ slice, x, y }) => plainWindow(slice, { x, y }, size));
  return { ...pack(windows, size), ids: items.map(({ slice }) => sliceId(slice)) };
}

function sliceId(slice: TrainSlice): string {
  return `${slice.caseId}#${slice.index}`;
}

function pack(windows: readonly AugmentedWindow[], size: number): Omit<Batch, "ids"> {
  const pixels = size * size;
  const image = new Float32Array(windows.length * pixels);
  const target = new Float32Array(2 * image.length);
  for (const [n, window] of windows.entries()) {
    image.set(window.image, n * pixels);
    for (let i = 0, at = 2 * n * pixels; i < pixels; i++, at += 2) {
      const bits = window.masks[i]!;
      if (bits & lesionBit) target[at] = 1;
      if (bits & brainBit) target[at + 1] = 1;
    }
  }
  return { count: windows.length, size, image, target };
}
