import { join } from "node:path";
import { affineSpacing } from "../core/affine.ts";
import { canonicalJson, sha256 } from "../core/hash.ts";
import { type Rng, seededRng } from "../core/rng.ts";
import type { Case } from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
import { writeAtomic } from "../data/files.ts";
import { type LabelScheme, toTissues } from "../data/label-schemes.ts";
import { readLabels, readNifti, writeNifti } from "../data/nifti.ts";
import { lesionBox, sliceBoxes } from "./boxes.ts";
import { type NormalCase, prepareCase } from "./case.ts";
import type { SynthOptions } from "./options.ts";
import { type Sidecar, sidecarVersion } from "./sidecar.ts";
import { makeStacks, measureStack, type PaintedStack } from "./stacks.ts";
import { UnfitError } from "./unfit.ts";

// The stage's hands: one case in a worker thread. It is the part of stage.ts that reads and writes images.

/** One normal case to make stacks from. */
export interface SynthJob {
  /** Folder that the case's paths start from. */
  readonly root: string;
  readonly out: string;
  readonly case: Case;
  readonly scheme: LabelScheme;
  readonly options: SynthOptions;
  readonly seed: number;
}

/** Makes all copies of one case, writes them, and returns their entries for dataset.json with what they measure. */
export default async function synthesise(job: SynthJob): Promise<{ cases: Case[]; sidecars: Sidecar[] }> {
  const normal = await loadCase(job);
  const rng = caseRng(job.seed, job.case.id);
  const cases: Case[] = [];
  const sidecars: Sidecar[] = [];
  for (let copy = 0; copy < job.options.copies; copy++) {
    const healthy = isHealthy(rng, copy, job.options.healthyShare);
    for (const stack of fitOrFail(job, () => makeStacks(rng.fork(copy), normal, healthy, job.options))) {
      const sidecar = describe(job, normal, stack, copy);
      cases.push(await writeStack(job, stack, sidecar));
      sidecars.push(sidecar);
    }
  }
  return { cases, sidecars };
}

/** The stream of all draws for one case: its own, so that results do not depend on other cases or on order. */
function caseRng(seed: number, id: string): Rng {
  return seededRng(seed).fork("synth").fork(id);
}

/** Whether a copy gets no bleed: `share` of a case's copies, spread evenly, which first is drawn. */
export function isHealthy(rng: Rng, copy: number, share: number): boolean {
  const start = rng.fork("healthy").uniform();
  return Math.floor((copy + 1) * share + start) > Math.floor(copy * share + start);
}

/** Reads a normal case's image and labels and makes it ready. @throws {UserError} (data) If they do not fit each other or the priors. */
export async function loadCase({ root, case: source, scheme }: Pick<SynthJob, "root" | "case" | "scheme">): Promise<NormalCase> {
  const imageFile = join(root, source.image.path);
  const labelFile = join(root, source.labels!.path);
  const { volume: image, sha256: found } = await readNifti(imageFile);
  if (found !== source.image.sha256)
    throw dataFault(imageFile, "an image must be the one that was ingested", "another content", "Run ingest again");
  if (!image.data.every(Number.isFinite))
    throw dataFault(imageFile, "intensities must be finite", "NaN or infinity", "Mend the image");
  const labels = await readLabels(labelFile);
  const apart = labels.affine.some((v, i) => Math.abs(v - image.affine[i]!) > 1e-2);
  if (apart || labels.shape.some((n, i) => n !== image.shape[i]))
    throw dataFault(
      labelFile,
      "labels must be on the image's grid",
      "another shape or affine",
      "Resample them with nearest neighbour",
    );
  const tissue = toTissues(labels, scheme, labelFile);
  return fitOrFail({ root, case: source }, () => prepareCase(image, { ...tissue, affine: image.affine }, source.gestationalAge));
}

function fitOrFail<T>({ root, case: source }: Pick<SynthJob, "root" | "case">, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    const wayOut = "Check the label map and the name of its scheme, or leave the case out";
    throw dataFault(join(root, source.labels!.path), "a normal brain that bleeds fit into is needed", error.message, wayOut);
  }
}

function describe(job: SynthJob, normal: NormalCase, stack: PaintedStack, copy: number): Sidecar {
  const { id, subject, image, labels } = job.case;
  return {
    schemaVersion: sidecarVersion,
    id: `${id.replace(/_T2w$/, "")}_syn-${copy}_acq-${stack.plane}_T2w`,
    source: { id, subject, image: image.sha256, labels: labels!.sha256 },
    draws: { seed: job.seed, path: ["synth", id, copy] },
    gestationalAge: normal.age,
    csf: normal.csf,
    plane: stack.plane,
    grade: stack.draw.bleed?.plan.grade ?? 0,
    draw: stack.draw,
    facts: measureStack(stack),
    box: lesionBox(stack.lesion),
    sliceBoxes: sliceBoxes(stack.lesion),
  };
}

async function writeStack({ out, case: source }: SynthJob, stack: PaintedStack, sidecar: Sidecar): Promise<Case> {
  const { id } = sidecar;
  const text = onePerLine(sidecar);
  const file = (suffix: string) => `images/${id}${suffix}`;
  const write = async (path: string, volume: Parameters<typeof writeNifti>[1]) => ({
    path,
    ...(await writeNifti(join(out, path), volume)),
  });
  const image = await write(file(".nii.gz"), stack.image);
  const lesionMask = await write(file("_lesion.nii.gz"), stack.lesion);
  const brainMask = await write(file("_brain.nii.gz"), stack.brain);
  const tissue = stack.tissue === null ? null : await write(file("_tissue.nii.gz"), stack.tissue);
  await writeAtomic(join(out, file(".json")), text);
  return {
    id,
    subject: source.subject,
    // Each copy is a session of its own, so that the stacks of one scene are scored together and apart from other copies.
    session: `${source.session ?? "ses"}-syn${sidecar.draws.path.at(-1)}`,
    gestationalAge: sidecar.gestationalAge.weeks,
    image,
    labels: tissue,
    brainMask,
    lesionMask,
    sidecar: { path: file(".json"), sha256: sha256(text) },
    shape: [...stack.image.shape],
    spacing: [...affineSpacing(stack.image.affine)],
    grade: sidecar.grade,
    sources: [source.id],
  };
}

/** JSON with each key of the sidecar on a line of its own: a surround alone holds some two hundred solids. */
function onePerLine(sidecar: Sidecar): string {
  const lines = Object.entries(sidecar).map(([key, value]) => `${JSON.stringify(key)}: ${canonicalJson(value)}`);
  return `{\n${lines.sort().join(",\n")}\n}\n`;
}
