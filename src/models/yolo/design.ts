import { z } from "zod";

/** Depth and width of the published sizes, as multiples of the largest design. */
export const yoloSizes = {
  yolov5n: { depth: 0.33, width: 0.25 },
  yolov5s: { depth: 0.33, width: 0.5 },
} as const;
export type YoloKind = keyof typeof yoloSizes;
export const yoloKinds = Object.keys(yoloSizes) as [YoloKind, ...YoloKind[]];

/** Pixels of the input to a cell, at each level of the head, finest first. */
export const yoloStrides = [8, 16, 32] as const;

/** Width and height of an anchor, pixels of the network's input. */
export type AnchorSize = readonly [number, number];

/** Anchors of each level, found on COCO at 640 pixels a side. */
const cocoAnchors = [
  [[10, 13], [16, 30], [33, 23]],
  [[30, 61], [62, 45], [59, 119]],
  [[116, 90], [156, 198], [373, 326]],
] as const; // biome-ignore format: one level a row

const anchorSize = z.tuple([z.number().positive(), z.number().positive()]);
const multiple = z.number().positive().max(2);

/** Options of {@link buildYolo}. */
export const yoloOptions = z.strictObject({
  kind: z.literal("yolov5").describe("architecture"),
  depth: multiple.default(yoloSizes.yolov5n.depth).describe("share of the largest design's blocks; n and s have .33"),
  width: multiple.default(yoloSizes.yolov5n.width).describe("share of the largest design's feature maps; n has .25, s .5"),
  anchors: z
    .tuple([z.array(anchorSize).length(3), z.array(anchorSize).length(3), z.array(anchorSize).length(3)])
    .default(() => structuredClone(cocoAnchors) as never)
    .describe("width and height of three anchors for each of the strides 8, 16 and 32, pixels of the input"),
});
export type YoloOptions = z.output<typeof yoloOptions>;

/** Numbers that the head gives for each anchor of a cell: middle, size, objectness, and a score for each class. */
export const headNumbers = (classes: number): number => 5 + classes;

/** What one of the numbered modules of the network is. `from` is another module's number, where it is not just the one before. */
export type Module =
  | { readonly op: "convolution"; readonly channels: number; readonly kernel: number; readonly stride: number }
  | { readonly op: "c3"; readonly channels: number; readonly blocks: number; readonly isResidual: boolean }
  | { readonly op: "sppf"; readonly channels: number }
  | { readonly op: "double" }
  | { readonly op: "join"; readonly from: number };

/** The modules that the head looks at, finest first, and the head's own number. */
export const headInputs = [17, 20, 23] as const;
export const headModule = 24;

/**
 * The network as numbered modules, each taking the result of the one before: a backbone of cross-stage partial blocks down to stride 32 (0 to 9),
 * then a path aggregation neck, up to stride 8 (10 to 17) and down again (18 to 23).
 *
 * Sources: YOLOv5 v6.0 to v7.0, as its published model description lists the modules (github.com/ultralytics/yolov5);
 * Wang et al. 2020, doi:10.1109/CVPRW50498.2020.00203 (CSP); Liu et al. 2018, doi:10.1109/CVPR.2018.00913 (PANet).
 */
export function modulesOf({ depth, width }: Pick<YoloOptions, "depth" | "width">): readonly Module[] {
  const maps = (full: number) => 8 * Math.ceil((full * width) / 8);
  const convolution = (full: number, kernel: number, stride: number): Module => {
    return { op: "convolution", channels: maps(full), kernel, stride };
  };
  const c3 = (full: number, blocks: number, isResidual: boolean): Module => {
    return { op: "c3", channels: maps(full), blocks: Math.max(1, roundHalfEven(blocks * depth)), isResidual };
  };
  const double: Module = { op: "double" };
  const join = (from: number): Module => ({ op: "join", from });
  return [
    convolution(64, 6, 2),
    ...[convolution(128, 3, 2), c3(128, 3, true)],
    ...[convolution(256, 3, 2), c3(256, 6, true)],
    ...[convolution(512, 3, 2), c3(512, 9, true)],
    ...[convolution(1024, 3, 2), c3(1024, 3, true)],
    { op: "sppf", channels: maps(1024) },
    ...[convolution(512, 1, 1), double, join(6), c3(512, 3, false)],
    ...[convolution(256, 1, 1), double, join(4), c3(256, 3, false)],
    ...[convolution(256, 3, 2), join(14), c3(512, 3, false)],
    ...[convolution(512, 3, 2), join(10), c3(1024, 3, false)],
  ];
}

/** To the nearest whole number, halves to the even one, as Python rounds. */
function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** Feature maps that each module gives. */
export function channelsOf(modules: readonly Module[]): number[] {
  const channels: number[] = [];
  for (const [i, module] of modules.entries()) {
    const before = channels[i - 1] ?? 0;
    if (module.op === "double") channels.push(before);
    else if (module.op === "join") channels.push(before + channels[module.from]!);
    else channels.push(module.channels);
  }
  return channels;
}
