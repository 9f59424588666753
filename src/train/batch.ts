import { chance, pick, type Rng } from "../core/rng.ts";
import { middleOf } from "../core/window.ts";
import { applyAugment, plainWindow } from "./augment/apply.ts";
import { type Augment, drawAugment } from "./augment/draw.ts";
import { bagsOf, drawBag } from "./bags/draw.ts";
import { drawMosaic, type Mosaic, mosaicWindow } from "./detect/mosaic.ts";
import type { Anchors } from "./detect/target.ts";
import type { TaskName, TrainOptions } from "./options.ts";
import { type Corruption, corrupt, drawNoise, drawSwaps } from "./pretrain/corrupt.ts";
import { drawRegions } from "./pretrain/regions.ts";
import { drawWindow, type SliceGroups } from "./sampler.ts";
import type { TrainSlice } from "./slices.ts";
import { outputsOf, type Target, type TargetFacts, type Task, tasks } from "./task.ts";

/** What one step learns from, in memory. */
export interface Batch {
  /** Images: one for each slice, two for each pair of views, as many as a bag has for each bag. */
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
  /** Of classes, see {@link TargetFacts}. */
  readonly classWeights?: readonly number[];
}

/** Part of a slice, and how it is varied. */
interface WindowDraw {
  readonly slice: TrainSlice;
  /** Pixel of the slice that the window is centred on. */
  readonly x: number;
  readonly y: number;
  readonly augment: Augment;
}

/** One image of a batch. */
interface ImageDraw {
  /** One, or four that a mosaic puts together. */
  readonly windows: readonly WindowDraw[];
  readonly mosaic: Mosaic | null;
  /** How it is spoilt, where the network is to give it back; else null. */
  readonly corruption: Corruption | null;
}

/** A batch, fully decided: {@link paintBatch} makes it, in whichever thread. Its slices are on shared memory. */
export interface BatchDraw extends TargetFacts {
  readonly task: TaskName;
  readonly items: readonly ImageDraw[];
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
  const { cropSize: size, task, batchSize } = options;
  const facts = { task, size, anchors, outputs: outputsOf(options).length, cells: options.weakCells };
  const items = Array.from({ length: batchSize }, (_, i) => ofStep.fork(i));
  switch (tasks[task].draws) {
    case "windows":
    case "slices":
    case "spoilt": {
      const images = items.map((of) => drawImage(of, pool, options));
      return { ...facts, ...classFacts(images.map(({ windows }) => windows[0]!.slice), pool), items: images }; // biome-ignore format: one line
    }
    case "sets": {
      const all = bagsOf(pool.slices);
      const sets = items.map((of) => pick(of.fork("set"), all).slices);
      const images = sets.flatMap((slices, s) => slices.map((slice, i) => plainDraw(items[s]!.fork(i), slice, options)));
      return { ...facts, ...classFacts(sets.map(([first]) => first!), pool), items: images }; // biome-ignore format: one line
    }
    case "views": {
      const views = items.map((of) => drawViews(of, pool, options));
      return { ...facts, ...drawnRegions(ofStep, options), items: [0, 1].flatMap((view) => views.map((pair) => pair[view]!)) };
    }
    case "bags": {
      const all = bagsOf(pool.slices);
      const bags = items.map((of) => drawBag(of.fork("bag"), all, options.bags));
      const images = bags.flatMap(({ slices }, b) => slices.map((slice, i) => plainDraw(items[b]!.fork(i), slice, options)));
      return { ...facts, bags: bags.map(({ label }) => label), items: images };
    }
    default:
      return tasks[task].draws satisfies never;
  }
}

/** The classes of slices, and what each counts; nothing where no classes are trained. */
function classFacts(slices: readonly TrainSlice[], { classWeights }: Pick<TrainPool, "classWeights">): Partial<TargetFacts> {
  const labels = slices.flatMap(({ label }) => label ?? []);
  return labels.length === 0 ? {} : { labels, ...(classWeights === undefined ? {} : { classWeights }) };
}

/** What an image of each class counts: the share of its class among the slices to the power of minus `classBalance`; 1 for a class without any. */
export function classWeightsOf(
  slices: readonly TrainSlice[],
  options: Pick<TrainOptions, "task" | "outputs"> & { readonly loss: Pick<TrainOptions["loss"], "classBalance"> },
): number[] {
  return outputsOf(options).map((_, place) => {
    const share = slices.filter(({ label }) => label === place).length / slices.length;
    return share === 0 ? 1 : share ** -options.loss.classBalance;
  });
}

function drawImage(of: Rng, pool: TrainPool, options: TrainOptions): ImageDraw {
  const { cropSize: size, augment } = options;
  const ofMosaic = of.fork("mosaic");
  const corruption = drawCorruption(of.fork("corruption"), options);
  if (!chance(ofMosaic, augment.mosaicShare)) return { windows: [drawPlace(of, pool, options)], mosaic: null, corruption };
  const ranges = { middle: augment.mosaicMiddle, scale: augment.mosaicScale, mirror: 0 }; // each is mirrored by itself
  const sizes = Array.from({ length: 4 }, () => [size, size] as const);
  const windows = sizes.map((_, k) => drawPlace(of.fork(k), pool, options));
  return { windows, mosaic: drawMosaic(ofMosaic, sizes, ranges, size), corruption };
}

function drawPlace(of: Rng, pool: TrainPool, { task, cropSize, augment, sampling }: TrainOptions): WindowDraw {
  const window = drawWindow(of.fork("window"), pool.slices, pool.groups, sampling);
  const slice = pool.slices[window.slice]!;
  const { x, y } = tasks[task].draws === "slices" ? middleOf(slice) : window;
  return { slice, x, y, augment: drawAugment(of.fork("augment"), augment, cropSize) };
}

/** The middle of a slice. */
function plainDraw(of: Rng, slice: TrainSlice, { augment, cropSize }: TrainOptions): ImageDraw {
  const window = { slice, ...middleOf(slice), augment: drawAugment(of, augment, cropSize) };
  return { windows: [window], mosaic: null, corruption: null };
}

/** Two variations of one window; where places are compared, both lie alike and differ in intensities alone. */
function drawViews(of: Rng, pool: TrainPool, options: TrainOptions): [ImageDraw, ImageDraw] {
  const first = drawPlace(of, pool, options);
  const other = drawAugment(of.fork("second view"), options.augment, options.cropSize);
  const { mirror, angle, scale, shift, elastic } = first.augment;
  const augment = options.task === "localInfoNce" ? { ...other, mirror, angle, scale, shift, elastic } : other;
  const image = (window: WindowDraw) => ({ windows: [window], mosaic: null, corruption: null });
  return [image(first), image({ ...first, augment })];
}

function drawnRegions(ofStep: Rng, { task, batchSize, cropSize, contrast }: TrainOptions): Pick<TargetFacts, "regions"> {
  if (task !== "localInfoNce") return {};
  const { regions, regionPlaces, level } = contrast;
  return { regions: drawRegions(ofStep.fork("regions"), batchSize, regions, regionPlaces, cropSize / 2 ** level) };
}

function drawCorruption(rng: Rng, { task, restore, denoise, cropSize }: TrainOptions): Corruption | null {
  if (task === "restore") return drawSwaps(rng, restore, cropSize);
  return task === "denoise" ? drawNoise(rng, denoise) : null;
}

/** The batch that was drawn. */
export function paintBatch({ task, items, ...facts }: BatchDraw): Batch {
  const { size } = facts;
  const windows = items.map(({ windows, mosaic }) => {
    const each = windows.map(({ slice, augment, ...centre }) => applyAugment(slice, centre, augment, size));
    return mosaic === null ? each[0]! : mosaicWindow(each, mosaic);
  });
  const images = windows.map(({ image }, i) => {
    const { corruption } = items[i]!;
    return corruption === null ? image : corrupt(image, size, corruption);
  });
  const ids = items.flatMap(({ windows }) => windows.map(({ slice }) => sliceId(slice)));
  return { ...pack(images, size), target: tasks[task].target(windows, facts), ids };
}

/** A batch of plain windows, and their masks: for validation. */
export function plainBatch(
  items: readonly { slice: TrainSlice; x: number; y: number }[],
  size: number,
  task: Task,
  facts: Omit<TargetFacts, "size"> = { anchors: null, outputs: task.outputs.length },
): Batch & { readonly masks: readonly Uint8Array[] } {
  const windows = items.map(({ slice, x, y }) => plainWindow(slice, { x, y }, size));
  return {
    ...pack(windows.map(({ image }) => image), size), // biome-ignore format: short
    target: task.target(windows, { ...facts, ...classFacts(items.map(({ slice }) => slice), {}), size }), // biome-ignore format: short
    ids: items.map(({ slice }) => sliceId(slice)),
    masks: windows.map((w) => w.masks),
  };
}

function sliceId(slice: TrainSlice): string {
  return `${slice.caseId}#${slice.index}`;
}

function pack(images: readonly Float32Array[], size: number): Pick<Batch, "count" | "size" | "image"> {
  const image = new Float32Array(images.length * size * size);
  for (const [n, one] of images.entries()) image.set(one, n * size * size);
  return { count: images.length, size, image };
}
