import { dirname, join } from "node:path";
import { axisAlignedAffine, type Vec3 } from "../../core/affine.ts";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { canonicalJson } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { extractSlice, sliceAxis, type Volume } from "../../core/volume.ts";
import { many } from "../../core/words.ts";
import { writeImage } from "../../data/case-files.ts";
import {
  type Case,
  casesOfSplit,
  type Dataset,
  readDataset,
  readSplits,
  type Splits,
  writeDataset,
  writeSplits,
} from "../../data/dataset.ts";
import { dataFault } from "../../data/faults.ts";
import { makeFolder, writeAtomic } from "../../data/files.ts";
import { assertNoLeak } from "../../data/leaks.ts";
import { readModelFolder } from "../../data/model-folder.ts";
import { readVolume } from "../../data/nifti.ts";
import { readRecorded } from "../../data/recorded.ts";
import { type BoxTable, boxMetrics } from "../detect/measure.ts";
import { drawPlan } from "../metrics/bootstrap.ts";
import type { BootstrapOptions } from "../options.ts";
import { readyNetwork } from "../predict/network.ts";
import { predictOptions } from "../predict/options.ts";
import { withInterval } from "../report/format.ts";
import type { Metric } from "../results.ts";
import { examinationsOf, type FoundIn, foundPlaces, type Place, truePlaces } from "./choose.ts";
import { cropOf } from "./crop.ts";
import type { CropOptions } from "./options.ts";
import { boxTableOf, regionBoxesFile } from "./table.ts";

/** What {@link runRegions} needs. */
export interface RegionsRequest {
  /** Dataset folder with boxes of the regions. */
  readonly data: string;
  /** Folder of a trained detector of these regions; null takes the true boxes. */
  readonly detector: string | null;
  /** Folder to fill: a dataset of crops, a case an examination; with a detector also detection.json and boxes.json. */
  readonly out: string;
  readonly options: CropOptions;
  /** Side of a crop, pixels, and what a pixel is called, mm: the network then sees crops as they are. */
  readonly side: number;
  readonly pixelMm: number;
  readonly bootstrap: BootstrapOptions;
  readonly seed: number;
}

/**
 * Cuts the regions of each examination out of its pictures, whose grey values are whole numbers from 0, which is black: a volume whose slices are the regions in their order, black where one is missing.
 * An examination is of the last class that its pictures are of, in the order of the dataset's classes.
 *
 * @throws {UserError} (data) If the dataset does not have the regions, a case has no boxes where the true ones are wanted, or grey values are others.
 * @throws {StoppedError} When asked to stop; then there is no dataset.json.
 */
export async function runRegions(request: RegionsRequest, context: StageContext): Promise<StageResult> {
  const { data, detector, out, options } = request;
  const [dataset, splits] = [await readDataset(data), await readSplits(data)];
  checkRegions(data, dataset, request);
  assertNoLeak({ dataset, splits, where: data });
  const found = detector === null ? null : await findRegions(data, dataset, detector, context);
  const cases: Case[] = [];
  let missing = 0;
  for (const own of examinationsOf(dataset.cases)) {
    throwIfStopped(context.signal);
    const places =
      found === null ? truePlaces(own, options.names) : foundPlaces(own, options.names, found, options.scoreThreshold);
    missing += places.filter((place) => place === null).length;
    cases.push(await writeCrops(request, dataset, own, places));
  }
  const detection = found === null ? null : await writeDetection(request, boxesOf(request, dataset, splits, found));
  await writeSplits(out, splits);
  const { classes, modality, name } = dataset;
  const crops = { schemaVersion: 1 as const, name: `${name}, crops`, root: ".", labelScheme: null, cases, findings: [] };
  await writeDataset(out, {
    ...crops,
    ...(classes === undefined ? {} : { classes }),
    ...(modality === undefined ? {} : { modality }),
  });
  if (missing === cases.length * options.names.length) context.reporter.warn(noneFound(options, missing));
  return result(request, cases, missing, detection);
}

function result(
  { options }: RegionsRequest,
  cases: readonly Case[],
  missing: number,
  detection: Untrained<Metric[]> | null,
): StageResult {
  const map50 = detection?.test?.[0] ?? detection?.val?.[0];
  const words =
    map50 === undefined ? "" : `, mAP@0.5 ${withInterval(map50)} on ${detection?.test?.[0] === undefined ? "val" : "test"}`;
  const all = cases.length * options.names.length;
  return {
    headline: `${all - missing} of ${many(all, "region")} found in ${many(cases.length, "examination")} by ${options.boxes} boxes${words}`,
    summary: { examinations: cases.length, missing, boxes: options.boxes, detection },
  };
}

/** A classifier of black crops alone learns nothing, and its figures say nothing of regions. */
function noneFound({ boxes, scoreThreshold }: CropOptions, all: number): string {
  const rule = "at least one region must be found for its crop to show something";
  const wayOut =
    boxes === "given"
      ? "Check the boxes of the dataset"
      : `Train the detector longer (regions.detector.train.steps) or lower regions.scoreThreshold, now ${scoreThreshold}`;
  return `regions: ${rule}; got none of ${all}, so that every crop is black. ${wayOut}.`;
}

function checkRegions(folder: string, { regions = [], cases }: Dataset, { detector, options }: RegionsRequest): void {
  const where = join(folder, "dataset.json");
  const stray = options.names.find((name) => !regions.includes(name));
  if (stray !== undefined)
    throw dataFault(where, `must have the regions of regions.names`, `no ${stray}`, `They are ${regions.join(", ") || "none"}`);
  const bare = detector === null ? cases.find((c) => c.boxes === undefined) : undefined;
  if (bare !== undefined)
    throw dataFault(
      where,
      "every case needs boxes where given ones are cut out",
      `none for ${bare.id}`,
      "Set regions.boxes to detected",
    );
}

async function findRegions(
  folder: string,
  { root, cases }: Dataset,
  detector: string,
  { signal, reporter }: StageContext,
): Promise<FoundIn> {
  const network = readyNetwork(await readModelFolder(detector), detector);
  const options = predictOptions.parse({ gate: "none" });
  const found = new Map<string, FoundIn extends ReadonlyMap<string, infer T> ? T : never>();
  try {
    for (const [i, c] of cases.entries()) {
      throwIfStopped(signal);
      reporter.progress("regions", i, cases.length, c.id);
      const volume = await readVolume(join(folder, root, c.image.path), undefined, c.image.sha256);
      const { prediction } = await network.predict(volume, null, options, signal, null);
      if (!("detections" in prediction))
        throw dataFault(detector, "must be a detector", "another network", "Train one for task regions");
      found.set(c.id, prediction.detections);
    }
  } finally {
    network.model.dispose();
  }
  reporter.progress("regions", cases.length, cases.length);
  return found;
}

/** What is held for the subjects that the detector was not trained on; a split without boxes has no entry. */
interface Untrained<T> {
  readonly val?: T;
  readonly test?: T;
}

/** Their boxes, true and found. */
function boxesOf({ options }: RegionsRequest, dataset: Dataset, splits: Splits, found: FoundIn): Untrained<BoxTable> {
  const of = (split: "val" | "test") => {
    const cases = casesOfSplit(dataset, splits, split).filter((c) => c.boxes !== undefined);
    return cases.length === 0 ? {} : { [split]: boxTableOf(cases, options.names, found) };
  };
  return { ...of("val"), ...of("test") };
}

/** Writes them, and the mAP of the detector on them. */
async function writeDetection(request: RegionsRequest, boxes: Untrained<BoxTable>): Promise<Untrained<Metric[]>> {
  const { out, options } = request;
  const detection = measureDetection(request, boxes);
  const write = async (name: string, content: object) =>
    await writeAtomic(join(out, name), `${canonicalJson({ schemaVersion: 1, ...content }, 1)}\n`);
  await write("detection.json", { splits: detection });
  await write(regionBoxesFile, { names: [...options.names], splits: boxes });
  return detection;
}

/** mAP of the detector on them. */
function measureDetection({ bootstrap, seed }: RegionsRequest, boxes: Untrained<BoxTable>): Untrained<Metric[]> {
  const rng = seededRng(seed).fork("regions");
  const of = (split: "val" | "test") => {
    const table = boxes[split];
    if (table === undefined) return {};
    return { [split]: boxMetrics(table, drawPlan(rng.fork(split), table.subjects, bootstrap.resamples), bootstrap) };
  };
  return { ...of("val"), ...of("test") };
}

/** The sidecar of a picture, now beside the crops: their dataset must hold every file that it names. */
async function copySidecar({ data, out }: RegionsRequest, { root }: Dataset, { sidecar }: Case): Promise<Case["sidecar"]> {
  if (sidecar === null) return null;
  const bytes = await readRecorded(join(data, root), sidecar);
  await makeFolder(dirname(join(out, sidecar.path)));
  await writeAtomic(join(out, sidecar.path), bytes);
  return sidecar;
}

/** @throws {UserError} (data) If a grey value is not a whole number from 0 to 65535: crops are written as such, and 0 is black. */
async function readPicture(file: string, recorded: string): Promise<Volume> {
  const volume = await readVolume(file, undefined, recorded);
  const odd = volume.data.find((v) => !Number.isInteger(v) || v < 0 || v > 65535);
  if (odd === undefined) return volume;
  const rule = "grey values of pictures that regions are cut out of must be whole numbers from 0 (black) to 65535";
  throw dataFault(file, rule, String(odd), "Store them so");
}

async function writeCrops(
  request: RegionsRequest,
  dataset: Dataset,
  cases: readonly Case[],
  places: readonly (Place | null)[],
): Promise<Case> {
  const { data, out, side, pixelMm, options } = request;
  const shape: Vec3 = [side, side, places.length];
  const spacing: Vec3 = [pixelMm, pixelMm, 4 * pixelMm];
  const voxels = new Uint16Array(side * side * places.length);
  const volumes = new Map<string, Volume>();
  for (const [i, place] of places.entries()) {
    if (place === null) continue;
    const { id, image } = place.case;
    const file = join(data, dataset.root, image.path);
    const volume = volumes.get(id) ?? (await readPicture(file, image.sha256));
    volumes.set(id, volume);
    const crop = cropOf(extractSlice(volume, sliceAxis(volume), place.slice), place.box, options.margin, side);
    voxels.set(crop.data.map(Math.round), side * side * i);
  }
  const [first] = cases as [Case];
  const { subject, session, gestationalAge } = first;
  const id = `${first.id}_regions`;
  const image = await writeImage(out, `images/${id}`, { data: voxels, shape, affine: axisAlignedAffine(shape, spacing) });
  const classes = dataset.classes ?? [];
  const name = classes[Math.max(...cases.map((c) => (c.class === undefined ? -1 : classes.indexOf(c.class))))];
  return {
    ...{ id, subject, session, gestationalAge, image, labels: null, brainMask: null, lesionMask: null },
    ...{ sidecar: await copySidecar(request, dataset, first), shape: [...shape], spacing: [...spacing], grade: null },
    sources: [],
    ...(name === undefined ? {} : { class: name }),
  };
}
