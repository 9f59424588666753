import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { affineSpacing, determinant } from "../core/affine.ts";
import { type StageContext, throwIfStopped } from "../core/context.ts";
import { patchesOf } from "../core/patches.ts";
import { extractSlice, inPlaneAxes, sliceAxis, slicePlane, type Volume } from "../core/volume.ts";
import { abnormalOf } from "../data/classes.ts";
import {
  type Case,
  casesOfSplit,
  type Dataset,
  readDataset,
  readJson,
  readSplits,
  type SplitName,
  type Splits,
} from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
import { readText } from "../data/files.ts";
import { assertNoLeak } from "../data/leaks.ts";
import { readLabels, readVolume } from "../data/nifti.ts";
import { shownPlane } from "../data/shown-plane.ts";
import { type Attended, parseAttention } from "./attention.ts";
import { checkProbability, checkScores, isLabelled, onGridOf } from "./check.ts";
import { type ClassTable, joinClasses, labelOf, tellsClasses } from "./classes/table.ts";
import { cocoResultsSchema, detectionsFile, foundBoxes } from "./detect/coco.ts";
import type { BoxTable } from "./detect/measure.ts";
import type { FrocTable } from "./froc.ts";
import { type LesionCounts, lesionCurve } from "./masks/measure-case.ts";
import { masksOptions } from "./masks/options.ts";
import { boxesByImage, type FoundBox, scoreBoxes, type TrueBox } from "./metrics/average-precision.ts";
import type { EvalOptions } from "./options.ts";
import { type Pointed, pointAt } from "./pointing.ts";
import { classesFile, parseClasses } from "./predict/classes.ts";
import { type RegionBoxes, regionBoxes, regionBoxesFile, regionBoxesSchema } from "./regions/table.ts";
import { parseScores } from "./scores.ts";
import { buildTables, type Tables, type TalliedCase } from "./table.ts";
import { tallySlices, withoutMap } from "./tally.ts";

/** What a network was asked, and what it said. */
export interface Predicted {
  /** Dataset folder with lesion masks. */
  readonly data: string;
  /** Folder that predict wrote for that dataset. */
  readonly predictions: string;
}

/** Probabilities among which the mask threshold is chosen. */
const maskGrid: readonly number[] = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/** What a network tells: of voxels, of boxes, of whole slices, of whole stacks whose slices it weighs (bags), or of crops that it sees together. */
export type EvaluatedTask = "masks" | "boxes" | "slices" | "bags" | "crops";

/** What was read, joined and checked. */
export interface Loaded {
  readonly from: Predicted;
  readonly dataset: Dataset;
  readonly evaluated: Tables;
  /** The same object where the evaluated split is the validation split; empty where none is needed. */
  readonly validation: Tables;
  readonly grid: readonly number[];
  readonly task: EvaluatedTask;
  /** Whether there are maps of probability; a classifier gives scores alone. */
  readonly hasMaps: boolean;
  /** Of a detector: the boxes of the evaluated split, and the number of each case's first slice there. */
  readonly boxes: (BoxTable & { readonly firstOf: ReadonlyMap<string, number> }) | null;
  /** Of a classifier with heat maps: where they point in the evaluated slices with a lesion. */
  readonly pointed: readonly Pointed[] | null;
  /** Of a network of bags: the share of each slice, by case. */
  readonly attention: ReadonlyMap<string, readonly Attended[]> | null;
  /** Where crops of detected regions are evaluated: the boxes of the evaluated split; null where its subjects were trained on, too. */
  readonly regions: RegionBoxes | null;
  /** Where the network tells classes apart: what it told of the evaluated split. */
  readonly classes: ClassTable | null;
  /** Objects found and false ones in the evaluated split: lesions in stacks, or boxes in slices; null for what finds none. */
  readonly froc: FrocTable | null;
}

/**
 * Reads a dataset and what was predicted of it, and joins the two.
 *
 * @throws {UserError} (data) If a patient is in two splits, or a scan that is no crop, or predictions are missing, come twice, are not of this dataset, or on another grid.
 */
export async function loadPredicted(from: Predicted, options: EvalOptions, context: StageContext): Promise<Loaded> {
  const { data, predictions } = from;
  const dataset = await readDataset(data);
  const splits = await readSplits(data);
  const told = await readTold(predictions);
  assertNoLeak({ dataset, splits, where: data, alike: told.task === "crops" }); // what crops are cut from was compared
  const where = join(predictions, "scores.csv");
  const scores = checkScores(parseScores(await readText(where, "run predict first"), where), dataset, splits, where);
  const grid = options.mask.rule === "fixed" ? [options.mask.probability] : maskGrid;
  const hasMaps = [...scores.values()].some((row) => row.level !== "subject" && row.lesionMm3 !== null);
  const tally = (split: SplitName) => tallyCases(from, options, { dataset, splits, grid, hasMaps, told }, split, context);
  const { tallied, pointed, lesions } = await tally(options.split);
  const evaluated = buildTables(tallied, scores, where);
  if (evaluated.stack.length === 0)
    throw dataFault(data, `split ${options.split} must hold a case that can be evaluated`, "none", "Choose another eval.split");
  const needed = options.threshold.rule !== "fixed" || options.mask.rule !== "fixed";
  const none: Tables = { slice: [], stack: [], subject: [] };
  const validation =
    options.split === "val" ? evaluated : needed ? buildTables((await tally("val")).tallied, scores, where) : none;
  const boxes = hasMaps ? null : await loadBoxes(from, options, { dataset, splits, told }, evaluated, context);
  const attention = await readAttention(predictions);
  return {
    ...{ from, dataset, evaluated, validation, grid, hasMaps, boxes },
    task: taskOf({ hasMaps, boxes, attention }, told),
    attention: hasMaps || boxes !== null ? null : attention,
    pointed: boxes === null ? pointed : null,
    froc: hasMaps
      ? { of: "lesions", subjects: tallied.map((one) => one.case.subject), stacks: lesions }
      : boxes && { of: "boxes", subjects: boxes.subjects, calls: scoreBoxes(boxes.truth, boxes.found, 0.5) },
    regions: await loadRegions(from, options, dataset),
    classes: await loadClasses(from, options, { dataset, splits, told }),
  };
}

function taskOf({ hasMaps, boxes, attention }: Pick<Loaded, "hasMaps" | "boxes" | "attention">, told: Told): EvaluatedTask {
  if (hasMaps) return "masks";
  if (boxes !== null) return "boxes";
  if (attention !== null) return "bags";
  return told.task === "crops" ? "crops" : "slices";
}

/** What the network tells, as predict.json says it; nothing where that is of an earlier version. */
export interface Told {
  readonly task: string | null;
  readonly outputs: readonly string[];
}

const toldSchema = z.object({ model: z.object({ task: z.string().optional(), outputs: z.array(z.string()).optional() }) });

async function readTold(predictions: string): Promise<Told> {
  const file = join(predictions, "predict.json");
  if (!existsSync(file)) return { task: null, outputs: [] };
  const { model } = await readJson(file, toldSchema, "run predict again");
  return { task: model.task ?? null, outputs: model.outputs ?? [] };
}

/** Null where predict wrote none. */
async function readAttention(predictions: string): Promise<Loaded["attention"]> {
  const file = join(predictions, "attention.csv");
  return existsSync(file) ? parseAttention(await readText(file, "run predict again"), file) : null;
}

/** Beside the crops, which a sweep's runs share. */
async function loadRegions({ data }: Predicted, { split }: EvalOptions, { root }: Dataset): Promise<Loaded["regions"]> {
  const file = join(data, root, regionBoxesFile);
  if (split === "train" || !existsSync(file)) return null;
  const { names, splits } = await readJson(file, regionBoxesSchema, "run the regions again");
  const table = splits[split];
  return table === undefined ? null : { names, ...table };
}

/** The classes of the evaluated split, true and told; null where the network tells none. */
async function loadClasses(
  { predictions }: Predicted,
  options: EvalOptions,
  { dataset, splits, told }: { readonly dataset: Dataset; readonly splits: Splits; readonly told: Told },
): Promise<ClassTable | null> {
  if (!tellsClasses(told)) return null;
  const file = join(predictions, classesFile);
  const cases = casesOfSplit(dataset, splits, options.split).filter((c) => isLabelled(c, options, told));
  return joinClasses(cases, parseClasses(await readText(file, "run predict again"), file), file);
}

/** Where the heat map of a case points, slice by slice with a lesion. @throws {UserError} (data) If it is not there, or not on the image's grid. */
async function pointedOf(
  file: string,
  { subject }: Case,
  truth: Volume<Uint16Array>,
  image: Volume,
  reachMm: number,
): Promise<Pointed[]> {
  const heat = onGridOf(await readVolume(file), image, file);
  const axis = sliceAxis(image);
  const [x, y] = inPlaneAxes(axis).map((a) => affineSpacing(image.affine)[a]) as [number, number];
  return Array.from({ length: image.shape[axis] }, (_, i) => i).flatMap((i) => {
    const lesion = extractSlice(truth, axis, i);
    if (lesion.data.every((v) => v === 0)) return [];
    const at = pointAt(lesion, extractSlice(heat, axis, i), extractSlice(image, axis, i), [x, y], reachMm);
    return [{ subject, ...at }];
  });
}

/** The boxes of the evaluated split, true and found; null where predict wrote none. Pictures are the slices that are evaluated, from 0. */
async function loadBoxes(
  { data, predictions }: Predicted,
  options: EvalOptions,
  { dataset, splits, told }: { readonly dataset: Dataset; readonly splits: Splits; readonly told: Told },
  { slice }: Tables,
  { signal }: StageContext,
): Promise<Loaded["boxes"]> {
  const file = join(predictions, detectionsFile(options.split));
  if (!existsSync(file)) return null;
  const found = boxesByImage(foundBoxes(await readJson(file, cocoResultsSchema, "run predict again")));
  const { volumes } = await readJson(join(predictions, "predict.json"), volumesSchema, "run predict again");
  const table = { subjects: [] as string[], truth: [] as TrueBox[], found: [] as FoundBox[], firstOf: new Map<string, number>() };
  for (const c of casesOfSplit(dataset, splits, options.split).filter((of) => isLabelled(of, options, told))) {
    throwIfStopped(signal);
    const there = volumes.find(({ id }) => id === c.id)?.boxes;
    if (there === undefined) throw dataFault(file, "must have a place for every case of the split", `none for ${c.id}`, "Run predict again on this dataset"); // biome-ignore format: one line
    const first = table.subjects.length;
    table.firstOf.set(c.id, first);
    table.truth.push(...(await trueBoxes(data, dataset, c, told)).map((of) => ({ ...of, image: first + of.image })));
    for (const { slice: index } of slice.filter((unit) => unit.case === c.id)) {
      table.subjects.push(c.subject);
      table.found.push(...(found.get(there.firstImage + index!) ?? []).map((of) => ({ ...of, image: first + index! })));
    }
  }
  return table;
}

/** What is read of predict.json: where the boxes of each volume are. */
const volumesSchema = z.object({
  volumes: z.array(z.object({ id: z.string(), boxes: z.object({ firstImage: z.int().min(1) }).optional() })),
});

/** Boxes around the patches of the truth, pictures numbered by slice. */
async function trueBoxes(data: string, dataset: Dataset, c: Case, told: Told): Promise<TrueBox[]> {
  if (told.task === "regions") return regionBoxes(c, told.outputs);
  const { lesionMask } = c;
  if (lesionMask === null) return [];
  const mask = await readLabels(join(data, dataset.root, lesionMask.path), undefined, lesionMask.sha256);
  const axis = sliceAxis(mask);
  return Array.from({ length: mask.shape[axis] }, (_, image) =>
    patchesOf(extractSlice(mask, axis, image)).boxes.map(({ x0, y0, x1, y1 }) => {
      return { image, label: 0, box: { left: x0, top: y0, right: x1, bottom: y1 } };
    }),
  ).flat();
}

/** Where predict writes a classifier's heat. */
export const heatFile = ({ predictions }: Predicted, { id }: Pick<Case, "id">): string =>
  join(predictions, `${id}_heatmap.nii.gz`);

/** Counts the cases of a split; of the evaluated one also where heat maps point, null where there are none. */
async function tallyCases(
  from: Predicted,
  options: EvalOptions,
  { dataset, splits, grid, hasMaps, told }: Pick<Loaded, "dataset" | "grid" | "hasMaps"> & { readonly splits: Splits; readonly told: Told }, // biome-ignore format: one line
  split: SplitName,
  { reporter, signal }: StageContext,
): Promise<{ readonly tallied: TalliedCase[]; readonly pointed: Pointed[] | null; readonly lesions: LesionCounts[][] }> {
  const cases = casesOfSplit(dataset, splits, split).filter((c) => isLabelled(c, options, told));
  const heatOf = (c: Case) => heatFile(from, c);
  const pointed: Pointed[] | null = split === options.split && !hasMaps && cases.some((c) => existsSync(heatOf(c))) ? [] : null;
  const tallied: TalliedCase[] = [];
  const lesions: LesionCounts[][] = [];
  for (const [i, c] of cases.entries()) {
    throwIfStopped(signal);
    reporter.progress(`eval ${split}`, i, cases.length, c.id);
    const { truth, probability } = await readPair(from, dataset, c, hasMaps);
    const counted = tallySlices(truth, probability, sliceAxis(probability), grid).map((t) => (hasMaps ? t : withoutMap(t)));
    const label = labelOf(c, told);
    const slices = label === null ? counted : counted.map((t) => ({ ...t, truth: label === 1 ? Number.POSITIVE_INFINITY : 0 }));
    const whole = told.task === "mil" ? abnormalOf(c.class, dataset.classes) : null;
    const plane = shownPlane({ ...c, ...dataset }, slicePlane(probability));
    tallied.push({
      ...{ case: c, plane, voxelMm3: Math.abs(determinant(probability.affine)), slices },
      ...(whole === null ? {} : { label: whole }),
    });
    if (hasMaps && split === options.split) lesions.push(lesionsOf(truth, probability));
    if (pointed !== null && truth !== null)
      pointed.push(...(await pointedOf(heatOf(c), c, truth, probability, options.pointingMm)));
  }
  reporter.progress(`eval ${split}`, cases.length, cases.length);
  return { tallied, pointed, lesions };
}

const lesionOptions = masksOptions.parse({});

/** Lesions of a stack, found and false, at each threshold; matched as `hemosynth metrics` does. */
function lesionsOf(truth: Volume<Uint16Array> | null, probability: Volume): LesionCounts[] {
  const { shape, data } = probability;
  const reference = truth?.data ?? new Uint16Array(data.length);
  const spacing = affineSpacing(probability.affine);
  const predicted = data instanceof Float32Array ? data : Float32Array.from(data);
  return lesionCurve({ shape, spacing, flat: null, sliceAxis: sliceAxis(probability), reference, predicted }, lesionOptions);
}

/** Truth and prediction of a case; the truth is null for a healthy case without a mask. Without maps the image itself stands for its grid. */
export async function readPair(
  { data, predictions }: Predicted,
  dataset: Dataset,
  c: Case,
  hasMaps: boolean,
): Promise<{ truth: Volume<Uint16Array> | null; probability: Volume }> {
  const file = hasMaps ? join(predictions, `${c.id}_lesionprob.nii.gz`) : join(data, dataset.root, c.image.path);
  const probability = await readVolume(file, undefined, hasMaps ? undefined : c.image.sha256);
  if (hasMaps) checkProbability(probability, file);
  onGridOf(probability, { ...probability, shape: c.shape }, file);
  if (c.lesionMask === null) return { truth: null, probability };
  const maskFile = join(data, dataset.root, c.lesionMask.path);
  const truth = onGridOf(await readLabels(maskFile, undefined, c.lesionMask.sha256), probability, maskFile);
  return { truth, probability };
}
