// Makes docs/figures/ich.png from runs: of tested heads the slice with most blood, in the brain window; the blood outlined; what each network predicts.
//   hemosynth sweep configs/sweeps/ich-label-efficient.yaml --out runs/ich-sweep
//   npx tsx scripts/figures/ich.ts docs/figures/ich.png sub-015,sub-012,sub-001 runs/ich-sweep/runs/none_seed=2 runs/ich-sweep/runs/weak-types---way-down-held_seed=2
import { join } from "node:path";
import { extractSlice, type Image, sliceAxis, type Volume } from "../../src/core/volume.ts";
import { readDataset } from "../../src/data/dataset.ts";
import { readVolume } from "../../src/data/nifti.ts";
import { largestSlice, picture, rimOf, writeTiles } from "./tiles.ts";

const [out, subjects, ...runs] = process.argv.slice(2) as [string, string, ...string[]];
const data = join(runs[0]!, "data");
const dataset = await readDataset(data);
const read = (path: string) => readVolume(join(data, dataset.root, path));

async function row(subject: string): Promise<Buffer[]> {
  const { id, image, lesionMask, brainMask } = dataset.cases.find((one) => one.subject === subject)!;
  const truth = await read(lesionMask!.path);
  const at = largestSlice({ ...truth, data: truth.data.map((kind) => (kind > 0 ? 1 : 0)) });
  const shown = (volume: Volume) => hung(extractSlice(volume, sliceAxis(volume), at));
  const grey = windowed(shown(await read(image.path)));
  const blood = shown(truth);
  const inside = shown(await read(brainMask!.path)).data;
  const rim = rimOf({ ...blood, data: Float32Array.from(blood.data, (kind) => (kind > 0 ? 1 : 0)) });
  const predicted = runs.map(async (run) => {
    const { data: probability } = shown(await readVolume(join(run, `predict/${id}_lesionprob.nii.gz`)));
    return await picture(grey, (i) => (inside[i]! > 0 ? 0.85 * probability[i]! : 0), [255, 70, 50]);
  });
  return [await picture(grey, () => 0, [0, 0, 0]), await picture(grey, rim, [90, 220, 255]), ...(await Promise.all(predicted))];
}

/** -50 to 150 HU as the greys of {@link picture}. */
function windowed(slice: Image): Image {
  return { ...slice, data: Float32Array.from(slice.data, (hu) => Math.max(0, (1100 * (hu + 50)) / 200)) };
}

/** As it is hung: the patient's right at the left. */
function hung({ width, height, data }: Image): Image {
  const mirrored = Float32Array.from({ length: data.length }, (_, i) => data[i - 2 * (i % width) + width - 1]!);
  return { width, height, data: mirrored };
}

await writeTiles(await Promise.all(subjects.split(",").map(row)), out);
