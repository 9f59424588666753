import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../src/core/hash.ts";
import type { LabelVolume, Volume } from "../../src/core/volume.ts";
import { type Case, type Dataset, writeDataset, writeSplits } from "../../src/data/dataset.ts";
import { writeNifti } from "../../src/data/nifti.ts";
import { synthOptions } from "../../src/synth/options.ts";

/** A scan without any effect, so that what is drawn is what is seen. */
const still = Object.fromEntries(
  ["fieldStrength", "contrast", "blur", "motion", "signalDrop", "flowVoid", "amnioticVoid", "bias", "noise"].map((effect) => [
    effect,
    { severity: [0, 0] },
  ]),
);
/** One dark grade III bleed, still scans, no surround. */
export const toySynth = synthOptions.parse({
  lesion: { grades: { kind: "free", III: 1 }, bilateralShare: 0, stages: { dark: 1, rim: 0, bright: 0 } },
  acquisition: {
    ...still,
    pixelMm: [1.5, 1.5],
    thicknessMm: [3, 3],
    gapMm: [0, 0],
    obliqueDegrees: 0,
    inPlaneDegrees: 0,
    offsetMm: 0,
    fieldMm: [100, 100],
  },
  surround: { kind: "none" },
});

/** Writes a case whose image and labels are given. */
export async function writeToyCase(
  root: string,
  id: string,
  head: { image: Volume; tissue: LabelVolume },
  more: Partial<Case> = {},
): Promise<Case> {
  const write = async (path: string, volume: Parameters<typeof writeNifti>[1]) => ({
    path,
    ...(await writeNifti(join(root, path), volume)),
  });
  return {
    id: `${id}_T2w`,
    subject: id,
    session: null,
    gestationalAge: 27,
    image: await write(`${id}.nii.gz`, head.image),
    labels: await write(`${id}_labels.nii.gz`, head.tissue),
    brainMask: null,
    lesionMask: null,
    sidecar: null,
    shape: [...head.image.shape],
    spacing: [1.5, 1.5, 1.5],
    grade: null,
    sources: [],
    ...more,
  };
}

/** Writes dataset.json and splits.json: the first subject trains, the second validates, the rest test. */
export async function makeDataset(root: string, cases: Case[], more: Partial<Dataset> = {}): Promise<void> {
  const subjects = cases.map((c) => c.subject);
  await writeSplits(root, { schemaVersion: 1, train: subjects.slice(0, 1), val: subjects.slice(1, 2), test: subjects.slice(2) });
  await writeDataset(root, { schemaVersion: 1, name: "toy", root: ".", labelScheme: "hemosynth", cases, findings: [], ...more });
}

/** A fresh folder. */
export const folder = () => mkdtemp(join(tmpdir(), "hemosynth-synth-"));

/** Hash of every file of a folder, by name. */
export async function hashes(root: string): Promise<Record<string, string>> {
  const names = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name));
  return Object.fromEntries(
    await Promise.all(names.sort().map(async (n) => [n.slice(root.length), sha256(await readFile(n))] as const)),
  );
}
