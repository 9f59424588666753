import { rm } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { affineSpacing } from "../core/affine.ts";
import { type StageContext, type StageResult, throwIfStopped } from "../core/context.ts";
import { tissues } from "../core/tissue.ts";
import { flatAxisOf, type Volume } from "../core/volume.ts";
import { many } from "../core/words.ts";
import { assertApart } from "../data/apart.ts";
import { type Case, type Dataset, type FileRef, readDataset, readSplits, writeDataset, writeSplits } from "../data/dataset.ts";
import { ontoGrid } from "../data/grid.ts";
import { readModelFolder } from "../data/model-folder.ts";
import { readLabels, readVolume, writeNifti } from "../data/nifti.ts";
import { buildTissueNetwork } from "./network.ts";
import { segmentTissue, type TissueMap, type TissueNetwork } from "./segment.ts";

/** What {@link runTissue} needs. */
export interface TissueRun {
  /** Folder of the dataset of normal cases (dataset.json, splits.json); its label maps are not read. */
  readonly data: string;
  /** Folder to fill: `<id>_tissue.nii.gz`, `<id>_brain.nii.gz`, and dataset.json last. */
  readonly out: string;
  /** Folder of the tissue network. */
  readonly model: string;
}

/** A brain with less lateral ventricle than this is no brain that was understood, ml: normal ones hold 1 ml and more at 20 weeks. A lone slice, mm²: what synthesis needs. */
const leastVentricleMl = 0.3;
const leastVentricleMm2 = 12;

/**
 * Segments every case of a dataset by a tissue network and writes a dataset of the same cases with the label maps found, in hemosynth's
 * own scheme. The images stay where they are. Where a case has a brain mask, tissues are looked for inside it.
 * A case whose brain is not found is left without labels, with a warning. The backend must be ready.
 *
 * @throws {UserError} (data) If the dataset, a volume or the network cannot be used; (usage) if `out` is not apart from `data`.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function runTissue({ data, out, model }: TissueRun, context: StageContext): Promise<StageResult> {
  await assertApart(data, out);
  const [dataset, splits] = [await readDataset(data), await readSplits(data)];
  await rm(join(out, "dataset.json"), { force: true }); // the folder is not whole until this run is done
  const folder = await readModelFolder(model);
  const network = buildTissueNetwork(folder, folder.where);
  const place = placesOf(resolve(data, dataset.root), resolve(out));
  const cases: Case[] = [];
  const found: Found[] = [];
  try {
    for (const [i, source] of dataset.cases.entries()) {
      throwIfStopped(context.signal);
      context.reporter.progress("tissue", i, dataset.cases.length, source.id);
      const done = await segmentCase(network, source, join(data, dataset.root), out, place, context);
      cases.push(done.case);
      found.push(done.found);
    }
  } finally {
    network.model.dispose();
  }
  context.reporter.progress("tissue", cases.length, cases.length);
  await writeSplits(out, splits);
  const made: Dataset = { ...dataset, root: place.root, labelScheme: "hemosynth", cases };
  await writeDataset(out, made);
  return resultOf(found);
}

/** What was found in a case; plain JSON. */
interface Found {
  readonly id: string;
  readonly brainMl: number;
  readonly ventricleMl: number;
  readonly usable: boolean;
}

async function segmentCase(
  network: TissueNetwork,
  source: Case,
  root: string,
  out: string,
  place: Places,
  { signal, reporter }: StageContext,
): Promise<{ case: Case; found: Found }> {
  const quiet = () => {};
  const volume = await readVolume(join(root, source.image.path), quiet, source.image.sha256);
  const mask = source.brainMask === null ? null : await readMask(join(root, source.brainMask.path), source.brainMask, volume);
  const map = await segmentTissue(network, volume, mask, signal);
  const found = { id: source.id, ...measure(map) };
  const moved = (ref: FileRef | null) => (ref === null ? null : { ...ref, path: place.ofData(ref.path) });
  const write = async (suffix: string, labels: TissueMap["tissue"]): Promise<FileRef> => {
    const path = `${source.id}_${suffix}.nii.gz`;
    return { path: place.ofOut(path), ...(await writeNifti(join(out, path), labels)) };
  };
  if (!found.usable)
    reporter.warn(
      `${source.id}: no brain was understood: ${map.brainMl.toFixed(0)} ml of brain, ${found.ventricleMl.toFixed(1)} ml of lateral ventricle. It is left without labels.`,
    );
  const moving = { image: moved(source.image)!, lesionMask: moved(source.lesionMask), sidecar: moved(source.sidecar) };
  const labels = found.usable ? await write("tissue", map.tissue) : null;
  const brainMask = moved(source.brainMask) ?? (found.usable ? await write("brain", map.brain) : null);
  return { case: { ...source, ...moving, labels, ...(labels && { labelSource: "network" }), brainMask }, found };
}

async function readMask(file: string, ref: FileRef, image: Volume): Promise<Volume<Uint16Array>> {
  const mask = await readLabels(file, () => {}, ref.sha256);
  return ontoGrid(mask, image, file, "a brain mask must be on its image's grid", "Resample it to the image");
}

function measure({ tissue, brainMl }: TissueMap): Omit<Found, "id"> {
  let [brain, ventricle] = [0, 0];
  for (const id of tissue.data) {
    if (id !== tissues.background) brain++;
    if (id === tissues.lateralVentricle) ventricle++;
  }
  const ventricleMl = brain === 0 ? 0 : (ventricle / brain) * brainMl;
  const flatAxis = flatAxisOf(tissue.shape);
  const least = flatAxis === null ? leastVentricleMl : (leastVentricleMm2 * affineSpacing(tissue.affine)[flatAxis]) / 1000;
  return { brainMl, ventricleMl, usable: ventricleMl >= least };
}

/** How the files of two folders are written in one dataset: paths never go up, so they start from the deepest folder that holds both. */
interface Places {
  /** From the output folder. */
  readonly root: string;
  readonly ofData: (path: string) => string;
  readonly ofOut: (path: string) => string;
}

function placesOf(data: string, out: string): Places {
  let common = data;
  while (relative(common, out).startsWith("..")) common = resolve(common, "..");
  const posix = (path: string) => path.split(sep).join("/");
  const under = (folder: string) => (path: string) => posix(relative(common, join(folder, path)));
  return { root: posix(relative(out, common)) || ".", ofData: under(data), ofOut: under(out) };
}

function resultOf(found: readonly Found[]): StageResult {
  const usable = found.filter((f) => f.usable);
  const missing = found.length - usable.length;
  const rounded = found.map(({ id, brainMl, ventricleMl }) => ({ id, brainMl: Math.round(brainMl), ventricleMl: Number(ventricleMl.toFixed(2)) })); // biome-ignore format: one line
  return {
    headline: `tissues of ${many(usable.length, "case")} by the network${missing > 0 ? `; no brain understood in ${missing}` : ""}`,
    summary: { cases: found.length, withLabels: usable.length, found: rounded },
  };
}
