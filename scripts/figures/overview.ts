// Makes docs/figures/overview.png from a run: for each plane of one test case the normal anatomy's pseudo-lesion stack,
// the painted bleed outlined, and the predicted probability.
//   npm run demo && node --import tsx scripts/figures/overview.ts runs/demo sub-004_syn-1 docs/figures/overview.png
import { join } from "node:path";
import { extractSlice, type Image, sliceAxis } from "../../src/core/volume.ts";
import { readVolume } from "../../src/data/nifti.ts";
import { largestSlice, picture, rimOf, writeTiles } from "./tiles.ts";

const [run, stem, out] = process.argv.slice(2) as [string, string, string];

const columns = await Promise.all(
  ["axial", "coronal", "sagittal"].map(async (plane) => {
    const id = `${stem}_acq-${plane}_T2w`;
    const stack = await readVolume(join(run, `synth/images/${id}.nii.gz`));
    const truth = await readVolume(join(run, `synth/images/${id}_lesion.nii.gz`));
    const probability = await readVolume(join(run, `predict/${id}_lesionprob.nii.gz`));
    const axis = sliceAxis(stack);
    const at = largestSlice(truth);
    const [image, mask, lesion] = [stack, truth, probability].map((v) => extractSlice(v, axis, at)) as [Image, Image, Image];
    return [
      await picture(image, () => 0, [0, 0, 0]),
      await picture(image, rimOf(mask), [90, 220, 255]),
      await picture(image, (i) => 0.85 * lesion.data[i]!, [255, 70, 50]),
    ];
  }),
);
await writeTiles([0, 1, 2].map((row) => columns.map((column) => column[row]!)), out); // biome-ignore format: one line
