import { join } from "node:path";
import { axisAlignedAffine, type Vec3 } from "../../src/core/affine.ts";
import { between, pick, seededRng } from "../../src/core/rng.ts";
import { type Case, writeDataset, writeSplits } from "../../src/data/dataset.ts";
import { writeNifti } from "../../src/data/nifti.ts";

/** Names of what {@link writeLabelledDataset} draws. */
export const shapes = ["disc", "bar"] as const;
export const pictureClasses = ["normal", "large", "missing"] as const;

const size: Vec3 = [64, 64, 1];

/**
 * Pictures of one slice with their class and boxes: a bright disc on the left and a bar on the right, in grey noise. In the class `large` the disc is large, in `missing`
 * the bar is not there. Two pictures a subject, of one class; a third of the subjects validates, a third of the rest is tested.
 */
export async function writeLabelledDataset(folder: string, subjects: number, seed: number): Promise<void> {
  const cases: Case[] = [];
  for (let i = 0; i < subjects; i++) {
    for (const view of [0, 1]) cases.push(await writePicture(folder, i, view, seed));
  }
  await writeDataset(folder, {
    ...{ schemaVersion: 1, name: "pictures", root: ".", modality: "US", labelScheme: null, findings: [] },
    ...{ classes: [...pictureClasses], regions: [...shapes], cases },
  });
  const names = [...new Set(cases.map(({ subject }) => subject))];
  const val = names.filter((_, i) => i % 3 === 0);
  await writeSplits(folder, { schemaVersion: 1, train: names.filter((s) => !val.includes(s)), val, test: [] });
}

async function writePicture(folder: string, i: number, view: number, seed: number): Promise<Case> {
  const rng = seededRng(seed).fork(i).fork(view);
  const name = pictureClasses[Math.floor(i / 3) % 3]!;
  const subject = `sub-${String(i).padStart(2, "0")}`;
  const radius = name === "large" ? between(rng, [11, 13]) : between(rng, [5, 7]);
  const [cx, cy] = [between(rng, [16, 20]), between(rng, [24, 40])];
  const [left, top] = [Math.round(between(rng, [42, 48])), Math.round(between(rng, [16, 24]))];
  const bar = name === "missing" ? null : { left, top, right: left + 6, bottom: top + 24 };
  const data = Uint8Array.from({ length: 64 * 64 }, (_, at) => {
    const [x, y] = [at % 64, Math.floor(at / 64)];
    const inDisc = Math.hypot(x + 0.5 - cx, y + 0.5 - cy) < radius;
    const inBar = bar !== null && x >= bar.left && x < bar.right && y >= bar.top && y < bar.bottom;
    return Math.max(1, Math.min(255, Math.round((inDisc || inBar ? 200 : 80) + 12 * rng.normal())));
  });
  const path = `images/${subject}_${view}.nii.gz`;
  const affine = axisAlignedAffine(size, [1, 1, 4]);
  const { sha256 } = await writeNifti(join(folder, path), { data, shape: size, affine });
  const around = (x0: number, y0: number, x1: number, y1: number): [number, number, number, number] => [x0, y0, x1, y1];
  return {
    ...{ id: `${subject}_${view}`, subject, session: null, gestationalAge: pick(rng, [18, 20, 23]), grade: null, sources: [] },
    ...{ image: { path, sha256 }, labels: null, brainMask: null, lesionMask: null, sidecar: null },
    ...{ shape: [...size], spacing: [1, 1, 4], class: name, plane: view === 0 ? "transventricular" : "transcerebellar" },
    boxes: [
      { name: "disc", slice: 0, box: around(cx - radius, cy - radius, cx + radius, cy + radius) },
      ...(bar === null ? [] : [{ name: "bar", slice: 0, box: around(bar.left, bar.top, bar.right, bar.bottom) }]),
    ],
  };
}
