import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axisAlignedAffine, type Vec3 } from "../../src/core/affine.ts";
import { between, type Rng, seededRng } from "../../src/core/rng.ts";
import type { Case } from "../../src/data/dataset.ts";
import { writeDataset, writeSplits } from "../../src/data/dataset.ts";
import { writeNifti } from "../../src/data/nifti.ts";

/** How {@link writeDiscDataset} makes its cases. */
export interface DiscOptions {
  readonly cases: number;
  readonly shape: Vec3;
  readonly seed: number;
  /** Also write a tissue map: white matter in the brain, deep grey where the darker disc is. */
  readonly labels?: boolean;
  /** Which cases have no blood; none by default. */
  readonly isHealthy?: (index: number) => boolean;
}

/** A fresh folder below the system's temporary one. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `hemosynth-${name}-`));
}

/**
 * A dataset that a small network learns in seconds: a grey disc ("brain") in noise, in two thirds of the middle slices
 * a darker disc ("blood"), and bright and dark discs outside as bait. Cases 0, 3, 6 … are for validation, the rest for training.
 */
export async function writeDiscDataset(
  folder: string,
  { cases, shape, seed, labels = false, isHealthy = () => false }: DiscOptions,
): Promise<void> {
  const rng = seededRng(seed);
  const all: Case[] = [];
  for (let i = 0; i < cases; i++)
    all.push(await writeCase(folder, `sub-${String(i).padStart(2, "0")}`, shape, rng.fork(i), labels, !isHealthy(i)));
  await writeDataset(folder, {
    schemaVersion: 1,
    name: "discs",
    root: ".",
    labelScheme: labels ? "hemosynth" : null,
    cases: all,
    findings: [],
  });
  const subjects = all.map((c) => c.subject);
  const val = subjects.filter((_, i) => i % 3 === 0);
  await writeSplits(folder, { schemaVersion: 1, train: subjects.filter((s) => !val.includes(s)), val, test: [] });
}

async function writeCase(
  folder: string,
  subject: string,
  shape: Vec3,
  rng: Rng,
  withLabels: boolean,
  bleeds: boolean,
): Promise<Case> {
  const spacing: Vec3 = [1, 1, 4];
  const affine = axisAlignedAffine(shape, spacing);
  const size = shape[0] * shape[1];
  const [image, lesion, brain] = [
    new Uint16Array(size * shape[2]),
    new Uint8Array(size * shape[2]),
    new Uint8Array(size * shape[2]),
  ];
  const radius = shape[0] * between(rng, [0.26, 0.34]);
  const [cx, cy] = [shape[0] * between(rng, [0.45, 0.55]), shape[1] * between(rng, [0.45, 0.55])];
  for (let z = 0; z < shape[2]; z++) {
    const empty = z === 0 || z === shape[2] - 1;
    const turn = between(rng, [0, 2 * Math.PI]);
    const blood = {
      x: cx + 0.5 * radius * Math.cos(turn),
      y: cy + 0.5 * radius * Math.sin(turn),
      r: radius * between(rng, [0.15, 0.3]),
    };
    const bait = { x: between(rng, [0, shape[0]]), y: 0.08 * shape[1], r: 0.07 * shape[0] };
    for (let i = 0; i < size; i++) {
      const [x, y] = [i % shape[0], Math.floor(i / shape[0])];
      const inBrain = !empty && Math.hypot(x - cx, y - cy) < radius;
      const inBlood = bleeds && inBrain && z % 3 !== 0 && Math.hypot(x - blood.x, y - blood.y) < blood.r;
      const inBait = Math.hypot(x - bait.x, y - bait.y) < bait.r;
      const value = inBlood || inBait ? 0.25 : inBrain ? 0.6 : 0.9;
      image[i + size * z] = Math.max(0, Math.round(1000 * (value + 0.08 * rng.normal())));
      lesion[i + size * z] = inBlood ? 1 : 0;
      brain[i + size * z] = inBrain ? 1 : 0;
    }
  }
  const write = async (suffix: string, data: Uint8Array | Uint16Array) => {
    const path = `images/${subject}${suffix}.nii.gz`;
    const { sha256 } = await writeNifti(join(folder, path), { data, shape, affine });
    return { path, sha256 };
  };
  return {
    id: `${subject}_T2w`,
    subject,
    session: null,
    gestationalAge: null,
    image: await write("_T2w", image),
    labels: withLabels
      ? await write(
          "_tissue",
          brain.map((inside, i) => (lesion[i] ? 6 : inside ? 3 : 0)),
        )
      : null,
    brainMask: await write("_brain", brain),
    lesionMask: await write("_lesion", lesion),
    sidecar: null,
    shape: [...shape],
    spacing: [...spacing],
    grade: null,
    sources: [],
  };
}
