// Makes docs/figures/freehemoseg.png from a run: the slice of a held-out stack with most blood, around the brain; the painted bleed outlined; what the network predicts.
//   hemosynth run configs/freehemoseg.yaml --out runs/freehemoseg
//   node --import tsx scripts/figures/freehemoseg.ts runs/freehemoseg sub-014_syn-0_acq-axial_T2w docs/figures/freehemoseg.png
import { join } from "node:path";
import { extractSlice, type Image, sliceAxis } from "../../src/core/volume.ts";
import { readVolume } from "../../src/data/nifti.ts";
import { largestSlice, picture, rimOf, writeTiles } from "./tiles.ts";

const [run, id, out] = process.argv.slice(2) as [string, string, string];

const stack = await readVolume(join(run, `synth/images/${id}.nii.gz`));
const truth = await readVolume(join(run, `synth/images/${id}_lesion.nii.gz`));
const probability = await readVolume(join(run, `predict/${id}_lesionprob.nii.gz`));
const at = largestSlice(truth);
const whole = extractSlice(stack, sliceAxis(stack), at);
const cut = squareAround(whole);
const [image, mask, lesion] = [stack, truth, probability].map((v) => cut(extractSlice(v, sliceAxis(stack), at))) as [Image, Image, Image]; // biome-ignore format: one line
const row = [
  await picture(image, () => 0, [0, 0, 0]),
  await picture(image, rimOf(mask), [90, 220, 255]),
  await picture(image, (i) => 0.85 * lesion.data[i]!, [255, 70, 50]),
];
await writeTiles([row], out);

/** Cuts the smallest square around what is not black, with a rim of four pixels, black where it leaves the slice. */
function squareAround({ width, height, data }: Image): (slice: Image) => Image {
  const seen = Array.from(data, (value, i) => [value, i % width, Math.floor(i / width)] as const).filter(([value]) => value > 0);
  const [left, right] = [Math.min(...seen.map(([, x]) => x)), Math.max(...seen.map(([, x]) => x))];
  const [low, high] = [Math.min(...seen.map(([, , y]) => y)), Math.max(...seen.map(([, , y]) => y))];
  const side = Math.max(right - left, high - low) + 9;
  const [x0, y0] = [Math.round((left + right - side) / 2), Math.round((low + high - side) / 2)];
  return (slice) => {
    const square = Float32Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [x0 + (i % side), y0 + Math.floor(i / side)];
      return x >= 0 && x < width && y >= 0 && y < height ? slice.data[x + width * y]! : 0;
    });
    return { ...slice, width: side, height: side, data: square };
  };
}
