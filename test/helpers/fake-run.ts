import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Affine, Vec3 } from "../../src/core/affine.ts";
import { sha256 } from "../../src/core/hash.ts";
import { between, seededRng } from "../../src/core/rng.ts";
import { type Volume, voxelCount } from "../../src/core/volume.ts";
import { type Case, type Dataset, type Splits, writeDataset, writeSplits } from "../../src/data/dataset.ts";
import { writeAtomic } from "../../src/data/files.ts";
import { writeNifti } from "../../src/data/nifti.ts";
import { formatScores, type ScoreRow } from "../../src/eval/scores.ts";

/** What a made-up run is like. */
export interface FakeRun {
  readonly seed: number;
  /** Subjects in val and in test each; every one with a bleeding and a healthy examination of three stacks. */
  readonly subjects: number;
  /** How far the scores of blood lie above the others'. */
  readonly effect: number;
  /** Put before every subject's name and case id. */
  readonly prefix?: string;
}

const sides = 40;
const slices = 9;
const planes: readonly [string, Affine][] = [
  ["axial", [-1.5, 0, 0, 30, 0, 1.5, 0, -30, 0, 0, 4, -16]],
  ["coronal", [1.5, 0, 0, -30, 0, 0, 4, -16, 0, -1.5, 0, 30]],
  ["sagittal", [0, 0, -4, 16, 1.5, 0, 0, -30, 0, -1.5, 0, 30]],
]; // biome-ignore format: matrices

/**
 * Writes a dataset of discs with dark blots and predictions of a made-up quality, without any network: for tests of eval.
 * @returns The folders, and what was written, so that tests can break it.
 */
export async function writeFakeRun(root: string, { seed, subjects, effect, prefix = "sub-" }: FakeRun) {
  const [data, predictions] = [join(root, "data"), join(root, "predict")];
  await mkdir(join(data, "images"), { recursive: true });
  const cases: Case[] = [];
  const rows: ScoreRow[] = [];
  const splits: Splits = { schemaVersion: 1, train: [], val: [], test: [] };
  for (const split of ["val", "test"] as const) {
    for (let s = 0; s < subjects; s++) {
      const subject = `${prefix}${split}${s}`;
      splits[split].push(subject);
      for (const ill of [true, false]) {
        const rng = seededRng(seed).fork(`${subject}/${ill}`);
        const session = ill ? "copy01" : "copy02";
        const exam: number[] = [];
        for (const [plane, affine] of planes) {
          const id = `${subject}_${session}_${plane}`.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[._-]+/, "");
          const made = makeStack(rng.fork(plane), affine, ill, effect);
          const write = async (path: string, volume: Parameters<typeof writeNifti>[1]) => ({
            path,
            ...(await writeNifti(join(data, path), volume)),
          });
          cases.push({
            ...{ id, subject, session, gestationalAge: 24 + s, labels: null, sidecar: null, sources: [subject] },
            image: await write(`images/${id}.nii.gz`, made.image),
            brainMask: await write(`${id}_brain.nii.gz`, made.brain),
            lesionMask: await write(`${id}_lesion.nii.gz`, made.lesion),
            shape: [...made.image.shape],
            spacing: [1.5, 1.5, 4],
            grade: ill ? 1 + (s % 4) : 0,
          });
          await writeNifti(join(predictions, `${id}_lesionprob.nii.gz`), made.probability);
          const row = (slice: number | null, score: number): ScoreRow => ({
            ...{ level: slice === null ? "stack" : "slice", subject, case: id, slice, split, score, lesionMm3: 0 },
            probability: 1 / (1 + Math.exp(-score)),
          });
          rows.push(...made.scores.map((score, i) => row(i, score)), row(null, Math.max(...made.scores)));
          exam.push(Math.max(...made.scores));
        }
        const score = exam.reduce((a, b) => a + b, 0) / exam.length;
        rows.push({ level: "subject", subject, case: session, slice: null, split, score, probability: 0.5, lesionMm3: null });
      }
    }
  }
  const dataset: Dataset = { schemaVersion: 1, name: "fake discs", root: ".", labelScheme: null, cases, findings: [] };
  await writeSplits(data, splits);
  await writeDataset(data, dataset);
  await writeAtomic(join(predictions, "scores.csv"), formatScores(rows));
  return { data, predictions, dataset, splits, rows, hash: sha256(formatScores(rows)) };
}

/** A grey disc, in it a dark blot in the middle slices if ill; the prediction is the blot moved, blurred and weakened. */
function makeStack(rng: ReturnType<typeof seededRng>, affine: Affine, ill: boolean, effect: number) {
  const shape: Vec3 = [sides, sides, slices];
  const empty = () => new Uint8Array(voxelCount(shape));
  const [image, probability] = [new Float32Array(voxelCount(shape)), new Float32Array(voxelCount(shape))];
  const [brain, lesion] = [empty(), empty()];
  const [bx, by, radius, shift, sure] = [
    between(rng, [14, 26]),
    between(rng, [14, 26]),
    between(rng, [2, 4.5]),
    between(rng, [0, 2.5]),
    between(rng, [0.55, 1]),
  ];
  const scores = Array.from({ length: slices }, () => -4 + 1.5 * rng.normal());
  for (let z = 1; z < slices - 1; z++) {
    for (let i = 0; i < sides * sides; i++) {
      const [x, y] = [i % sides, Math.floor(i / sides)];
      const at = i + sides * sides * z;
      brain[at] = Math.hypot(x - 20, (y - 20) / 1.2) < 14 ? 1 : 0;
      const blood = ill && z > 2 && z < 7 && Math.hypot(x - bx, y - by) < radius;
      lesion[at] = blood ? 1 : 0;
      image[at] = brain[at] === 1 ? (blood ? 250 : 800 + 150 * Math.sin(x / 3) * Math.cos(y / 4)) + 25 * rng.normal() : 0;
      if (ill && z > 2 && z < 7)
        probability[at] = Math.max(0, sure * Math.exp(-((Math.hypot(x - bx - shift, y - by) / radius) ** 4) / 2) - 0.02);
    }
    if (ill && z > 2 && z < 7) scores[z]! += effect * sure;
  }
  const volume = <D extends Float32Array | Uint8Array>(data: D): Volume<D> => ({ data, shape, affine });
  return { image: volume(image), probability: volume(probability), brain: volume(brain), lesion: volume(lesion), scores };
}
