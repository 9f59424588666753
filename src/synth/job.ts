import { join } from "node:path";
import { affineSpacing } from "../core/affine.ts";
import { UserError } from "../core/errors.ts";
import { canonicalJson, sha256 } from "../core/hash.ts";
import { type Rng, seededRng } from "../core/rng.ts";
import type { LabelVolume, Volume } from "../core/volume.ts";
import type { Case, FileRef } from "../data/dataset.ts";
import { writeAtomic } from "../data/files.ts";
import { type LabelScheme, toTissues } from "../data/label-schemes.ts";
import { readLabels, readVolume, writeNifti } from "../data/nifti.ts";
import { acquireStack, type Stack } from "./acquisition/acquire.ts";
import type { Acquisition } from "./acquisition/draw.ts";
import { drawAcquisition } from "./acquisition/draw.ts";
import { lesionBoxes } from "./boxes.ts";
import { bleedInto, type DrawnBleed, type NormalCase, prepareCase } from "./case.ts";
import { cropToBrain } from "./crop.ts";
import type { SynthOptions } from "./options.ts";
import { headGeometry, type Scene } from "./scene.ts";
import { drawSurround, type Surround } from "./surround/draw.ts";
import { paintSurround } from "./surround/paint.ts";

/** One normal case to make scenes of; run in a worker thread. */
export interface SynthJob {
  /** Folder that the case's file paths start from. */
  readonly root: string;
  /** Folder of the new dataset. */
  readonly out: string;
  readonly source: Case;
  readonly scheme: LabelScheme;
  readonly options: SynthOptions;
  /** Whether each copy gets a bleed. */
  readonly diseased: readonly boolean[];
  readonly seed: number;
}

/** Everything that was drawn for one stack; replaying it gives the same voxels. The content of its sidecar. */
export interface Recipe {
  readonly source: string;
  readonly gestationalAge: NormalCase["age"];
  /** 90th percentile of the source's CSF, in its own unit: 1.0 of the signals below, 1000 in the image. */
  readonly csf: number;
  readonly bleed: DrawnBleed | null;
  readonly surround: Surround | null;
  readonly acquisition: Acquisition | null;
}

/** Voxels kept around the brain before anything is painted. */
const margin = 4;

/** Makes all copies of one normal case and writes their stacks. Returns their entries for dataset.json. */
export default async function synthesise(job: SynthJob): Promise<Case[]> {
  const { source, options } = job;
  const normal = await readNormal(job);
  const thick = isThick(source.spacing);
  const cases: Case[] = [];
  for (const [copy, diseased] of job.diseased.entries()) {
    const rng = seededRng(job.seed).fork("synth").fork(source.id).fork(copy);
    const { scene, bleed } = paintedScene(rng, normal, options, diseased, source.id);
    const recipe = { source: source.id, gestationalAge: normal.age, csf: normal.csf, bleed };
    const name = `${source.id.replace(/_T2w$/, "")}_copy-${copy + 1}`;
    if (thick) {
      cases.push(await writeStack(job, `${name}_T2w`, asStack(scene), { ...recipe, surround: null, acquisition: null }));
      continue;
    }
    const surround = drawSurround(rng.fork("surround"), options.surround, headGeometry(scene));
    const whole = paintSurround(scene, surround);
    for (const plane of options.planes) {
      const acquisition = drawAcquisition(rng.fork(plane), options.acquisition, plane, headGeometry(scene));
      const stack = acquireStack(whole, acquisition);
      cases.push(await writeStack(job, `${name}_acq-${plane}_T2w`, stack, { ...recipe, surround, acquisition }));
    }
  }
  return cases;
}

/** A stack whose slices are thick keeps its own slices; anything nearer to isotropic is cut into new ones. */
function isThick(spacing: readonly number[]): boolean {
  const [, middle, largest] = [...spacing].sort((a, b) => a - b);
  return largest! >= 1.5 * middle!;
}

async function readNormal({ root, source, scheme }: SynthJob): Promise<NormalCase> {
  const labelFile = join(root, source.labels!.path);
  const image = await readVolume(join(root, source.image.path));
  const tissue = toTissues(await readLabels(labelFile), scheme, labelFile);
  try {
    const near = isThick(source.spacing) ? { image, tissue } : cropToBrain(image, tissue, margin);
    return prepareCase(near.image, near.tissue, source.gestationalAge);
  } catch (error) {
    throw unusable(source.id, error);
  }
}

function paintedScene(rng: Rng, normal: NormalCase, options: SynthOptions, diseased: boolean, id: string) {
  if (!diseased) return { scene: normal.scene, bleed: null };
  try {
    const { scene, drawn } = bleedInto(rng.fork("bleed"), normal, options.lesion);
    return { scene, bleed: drawn };
  } catch (error) {
    throw unusable(id, error);
  }
}

/** The anatomy of a case does not allow what was asked: the user's data, not our bug. */
function unusable(id: string, error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return new UserError(
    "data",
    `case ${id}: needs ventricles, fluid and white matter to hold a bleed; ${error.message}. Mend its labels or their scheme, or remove it.`,
  );
}

/** A scene that is a thick stack already. */
function asStack({ image, tissue, lesion }: Scene): Stack {
  const mask = (inside: (i: number) => boolean): LabelVolume => ({
    ...tissue,
    data: tissue.data.map((_, i) => (inside(i) ? 1 : 0)),
  });
  return {
    image,
    tissue,
    lesion: mask((i) => lesion !== null && lesion.data[i]! >= 0.5),
    brain: mask((i) => tissue.data[i] !== 0),
  };
}

async function writeStack(job: SynthJob, id: string, stack: Stack, recipe: Recipe): Promise<Case> {
  const write = async (suffix: string, volume: Volume<Uint16Array> | LabelVolume): Promise<FileRef> => {
    const path = `images/${id}${suffix}.nii.gz`;
    return { path, ...(await writeNifti(join(job.out, path), volume)) };
  };
  const thousandths = Uint16Array.from(stack.image.data, (v) => Math.min(65535, Math.max(0, Math.round(1000 * v))));
  const sidecar = `${canonicalJson({ ...recipe, boxes: lesionBoxes(stack.lesion) }, 1)}\n`;
  const path = `images/${id}.json`;
  await writeAtomic(join(job.out, path), sidecar);
  const { source } = job;
  return {
    id,
    subject: source.subject,
    session: source.session,
    gestationalAge: source.gestationalAge,
    image: await write("", { ...stack.image, data: thousandths }),
    labels: null,
    brainMask: await write("_brain", stack.brain),
    lesionMask: await write("_lesion", stack.lesion),
    sidecar: { path, sha256: sha256(sidecar) },
    shape: [...stack.image.shape],
    spacing: [...affineSpacing(stack.image.affine)],
    grade: recipe.bleed?.plan.grade ?? 0,
    sources: [source.id],
  };
}
