import { expect, test } from "vitest";
import { axisAlignedAffine } from "../core/affine.ts";
import { preprocessOptions } from "../data/preprocess.ts";
import { scorerOf } from "./score.ts";
import { brainBit, classShift, hasFlag, lesionBit, prepareCase, type TrainSlice } from "./slices.ts";
import { tasks } from "./task.ts";

const size = 8;
const image = new Float32Array(0);
const windowOf = (bits: (x: number, y: number) => number) => {
  return { image, masks: Uint8Array.from({ length: size * size }, (_, i) => bits(i % size, Math.floor(i / size))) };
};
const flag = (place: number) => 1 << (classShift + place);
const facts = { size, anchors: null };

test("weak targets: whether there is blood, of which types, and in which cells", () => {
  const none = windowOf(() => brainBit);
  const left = windowOf((x, y) => (x < 2 && y < 3 ? lesionBit | flag(1) : 0)); // six pixels
  const trace = windowOf((x, y) => (x === 7 && y === 7 ? lesionBit | flag(0) : 0)); // too few to count, but for their cell
  const windows = [none, left, trace];
  expect([...tasks.weakBinary.target(windows, { ...facts, outputs: 1 }).data]).toEqual([0, 1, 0]);
  const types = tasks.weakTypes.target(windows, { ...facts, outputs: 3 });
  expect([types.shape, [...types.data]]).toEqual([[3, 1, 1, 3], [0, 0, 0, 1, 0, 1, 0, 0, 0]]); // biome-ignore format: rows
  const grid = tasks.weakGrid.target(windows, { ...facts, outputs: 1, cells: 2 });
  expect([grid.shape, [...grid.data]]).toEqual([[3, 2, 2, 1], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]]); // biome-ignore format: rows
});

test("a grid is scored by its cells, of all windows together", () => {
  const masks = windowOf((x, y) => (x < 2 && y > 5 ? lesionBit : 0)).masks; // in the lower left of four cells
  const slice = {} as TrainSlice;
  const scored = (...windows: number[][]) => {
    const scorer = scorerOf("weakGrid", 1, size, null);
    for (const logits of windows) scorer.add(slice, Float32Array.from(logits), masks);
    return scorer.figures().auroc;
  };
  expect(scored([0, 1, 2, -1])).toBe(1);
  expect(scored([0, 1, 2, -1], [0, 3, 1, -1])).toBeCloseTo(9.5 / 12, 12); // of the six others five lie below 2, four below 1 and one beside it
  expect(scored([2, 2, 2, 2])).toBe(0.5);
});

test("boxes flag the pixels whose middle they hold, types those of their blood; resized with the slice, cut at its border", () => {
  const shape = [10, 6, 2] as const;
  const affine = axisAlignedAffine(shape, [2, 2, 9]);
  const voxels = (value: (i: number) => number) => ({
    data: Uint16Array.from({ length: 120 }, (_, i) => value(i)),
    shape,
    affine,
  });
  const scan = { data: new Float32Array(120).fill(100), shape, affine };
  const lesion = voxels((i) => (i === 0 ? 2 : i === 61 ? 1 : 0));
  const options = preprocessOptions.parse({ pixelMm: 1, orientation: "stored" });
  const boxes = [
    { place: 0, slice: 1, box: { left: 1, top: 2, right: 4, bottom: 5 } },
    { place: 2, slice: 1, box: { left: 8.5, top: -1, right: 20, bottom: 1 } },
  ];
  const slices = prepareCase("a", scan, { lesion, brain: voxels(() => 1) }, options, { boxes, types: [0, -1], label: 3 });
  const flagged = (slice: number, place: number) =>
    [...slices[slice]!.masks].flatMap((bits, i) => (hasFlag(bits, place) ? [[i % 20, Math.floor(i / 20)]] : []));
  expect(slices.map(({ width, height, label }) => [width, height, label])).toEqual([[20, 12, 3], [20, 12, 3]]); // biome-ignore format: rows
  const first = flagged(1, 0).filter(([, y]) => y! > 3); // those of the box: the blood's are above
  expect([first.length, first[0], first.at(-1)]).toEqual([36, [2, 4], [7, 9]]);
  expect(flagged(1, 2)).toEqual([[17, 0], [18, 0], [19, 0], [17, 1], [18, 1], [19, 1]]); // biome-ignore format: rows
  expect(flagged(1, 0).filter(([, y]) => y! < 2)).toEqual([[2, 0], [3, 0], [2, 1], [3, 1]]); // biome-ignore format: rows
  expect(flagged(0, 0)).toEqual([]); // its type is not told
});
