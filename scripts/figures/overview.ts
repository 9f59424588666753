// Makes docs/figures/overview.png from a run: for each plane of one test case the normal anatomy's pseudo-lesion stack,
// the painted bleed outlined, and the predicted probability.
//   npm run demo && node --import tsx scripts/figures/overview.ts runs/demo sub-004_syn-1 docs/figures/overview.png
import { join } from "node:path";
import sharp from "sharp";
import { extractSlice, type Image, sliceAxis, type Volume } from "../../src/core/volume.ts";
import { readVolume } from "../../src/data/nifti.ts";

const [run, stem, out] = process.argv.slice(2) as [string, string, string];
const tile = 240;

const largestSlice = (mask: Volume): number => {
  const axis = sliceAxis(mask);
  const sums = Array.from({ length: mask.shape[axis] }, (_, i) => extractSlice(mask, axis, i).data.reduce((a, b) => a + b, 0));
  return sums.indexOf(Math.max(...sums));
};

/** Grey, with a colour where `weight` is above 0; the second array axis points up. */
async function picture(image: Image, weight: (i: number) => number, colour: readonly [number, number, number]): Promise<Buffer> {
  const { width, height, data } = image;
  const rgb = Buffer.alloc(3 * width * height);
  const white = 1100;
  for (let i = 0; i < data.length; i++) {
    const to = 3 * ((i % width) + width * (height - 1 - Math.floor(i / width)));
    const w = weight(i);
    for (let c = 0; c < 3; c++) rgb[to + c] = Math.round((1 - w) * Math.min(255, (255 * data[i]!) / white) + w * colour[c]!);
  }
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(tile, tile)
    .png()
    .toBuffer();
}

const rows = await Promise.all(
  ["axial", "coronal", "sagittal"].map(async (plane) => {
    const id = `${stem}_acq-${plane}_T2w`;
    const stack = await readVolume(join(run, `synth/images/${id}.nii.gz`));
    const truth = await readVolume(join(run, `synth/images/${id}_lesion.nii.gz`));
    const probability = await readVolume(join(run, `predict/${id}_lesionprob.nii.gz`));
    const axis = sliceAxis(stack);
    const at = largestSlice(truth);
    const [image, mask, lesion] = [stack, truth, probability].map((v) => extractSlice(v, axis, at)) as [Image, Image, Image];
    const edge = (i: number) => {
      const neighbours = [i - 1, i + 1, i - image.width, i + image.width].map((j) => mask.data[j] ?? 0);
      return mask.data[i] === 1 && neighbours.includes(0) ? 1 : 0;
    };
    return [
      await picture(image, () => 0, [0, 0, 0]),
      await picture(image, edge, [90, 220, 255]),
      await picture(image, (i) => 0.85 * lesion.data[i]!, [255, 70, 50]),
    ];
  }),
);
const layers = rows.flatMap((row, y) => row.map((input, x) => ({ input, left: y * tile, top: x * tile })));
await sharp({ create: { width: rows.length * tile, height: 3 * tile, channels: 3, background: "#000" } })
  .composite(layers)
  .png({ compressionLevel: 9, palette: true })
  .toFile(out);
