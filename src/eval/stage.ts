import { rm } from "node:fs/promises";
import { join } from "node:path";
import { determinant } from "../core/affine.ts";
import { type StageContext, type StageResult, throwIfStopped } from "../core/context.ts";
import { canonicalJson } from "../core/hash.ts";
import { seededRng } from "../core/rng.ts";
import { sliceAxis, slicePlane, type Volume } from "../core/volume.ts";
import {
  type Case,
  casesOfSplit,
  type Dataset,
  type FileRef,
  readDataset,
  readSplits,
  type SplitName,
  type Splits,
} from "../data/dataset.ts";
import { dataFault } from "../data/faults.ts";
import { readText, writeAtomic } from "../data/files.ts";
import type { Grid } from "../data/grid.ts";
import { readLabels, readVolume } from "../data/nifti.ts";
import { encodePng } from "../picture/png.ts";
import { checkProbability, checkScores, isLabelled, onGridOf } from "./check.ts";
import { type Chosen, casePicture, chooseCases, shownSlice } from "./gallery.ts";
import { type Measured, measure } from "./measure.ts";
import type { EvalOptions } from "./options.ts";
import { drawPlots } from "./report/figures.ts";
import { caseCaption } from "./report/format.ts";
import { type GalleryItem, reportPage } from "./report/page.ts";
import { type Metric, type Results, resultsSchema } from "./results.ts";
import { levels, parseScores } from "./scores.ts";
import { countSplit, evalResult, maskNotes, notesOf } from "./summary.ts";
import { buildTables, type Tables, type TalliedCase } from "./table.ts";
import { tallySlices, withoutMap } from "./tally.ts";
import { formatUnits } from "./units-csv.ts";

/** What {@link runEval} needs. */
export interface EvalRequest {
  /** Dataset folder with lesion masks. */
  readonly data: string;
  /** Folder that predict wrote for that dataset. */
  readonly predictions: string;
  /** Folder to write: units.csv, plots/, and results.json last. */
  readonly out: string;
  /** The report's file, `report.html` of the run folder. */
  readonly report: string;
  readonly options: EvalOptions;
  readonly seed: number;
  /** Text of the resolved config, printed at the end of the report; absent prints the eval options alone. */
  readonly config?: string;
}

/** Probabilities among which the mask threshold is chosen. */
const maskGrid: readonly number[] = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

const noMaps = "The network tells of whole slices and draws no maps: there is no Dice, and no case is shown.";

/** What was read, joined and checked. */
interface Loaded {
  readonly dataset: Dataset;
  readonly evaluated: Tables;
  /** The same object where the evaluated split is the validation split; empty where none is needed. */
  readonly validation: Tables;
  readonly grid: readonly number[];
  /** Whether there are maps of probability; a classifier gives scores alone. */
  readonly hasMaps: boolean;
}

/**
 * Compares predictions with the truth and writes figures, plots and the report.
 *
 * @throws {UserError} (data) If predictions are missing, come twice, are not of this dataset, or on another grid.
 * @throws {StoppedError} When asked to stop; then there is no results.json.
 */
export async function runEval(request: EvalRequest, context: StageContext): Promise<StageResult> {
  const { options, out, seed } = request;
  await rm(join(out, "results.json"), { force: true }); // a folder without it is not whole
  const loaded = await load(request, context);
  const { dataset, evaluated, validation, grid } = loaded;
  const measured = measure(evaluated, validation, grid, options, seededRng(seed).fork("eval"));
  const { metrics, operatingPoints, mask } = measured;
  const counts = splitTables(loaded, options).map(([split, tables]) => countSplit(split, tables, dataset));
  const results: Results = {
    schemaVersion: 1,
    dataset: dataset.name,
    split: options.split,
    seed,
    pseudoLesions: dataset.cases.some((c) => c.sources.length > 0),
    options,
    splits: counts,
    operatingPoints,
    mask,
    metrics: loaded.hasMaps ? metrics : metrics.map(withoutDice),
    notes: [...notesOf(evaluated, validation, options), ...(loaded.hasMaps ? maskNotes(mask.probability, grid) : [noMaps])],
  };
  await write(request, loaded, measured, resultsSchema.parse(results), context);
  return evalResult(results);
}

/** A figure where there are no maps: Dice does not exist, and why. */
function withoutDice(metric: Metric): Metric {
  if (metric.metric !== "dice" && metric.metric !== "diceAll") return metric;
  return { ...metric, estimate: null, low: null, high: null, reason: "the network draws no maps" };
}

function splitTables({ evaluated, validation }: Loaded, { split }: EvalOptions): (readonly [SplitName, Tables])[] {
  const other = validation === evaluated || validation.stack.length === 0 ? [] : [["val", validation] as const];
  return [[split, evaluated], ...other];
}

async function load(request: EvalRequest, context: StageContext): Promise<Loaded> {
  const { data, options } = request;
  const dataset = await readDataset(data);
  const splits = await readSplits(data);
  const where = join(request.predictions, "scores.csv");
  const scores = checkScores(parseScores(await readText(where, "run predict first"), where), dataset, splits, where);
  const grid = options.mask.rule === "fixed" ? [options.mask.probability] : maskGrid;
  const hasMaps = [...scores.values()].some((row) => row.level !== "subject" && row.lesionMm3 !== null);
  const tables = async (split: SplitName): Promise<Tables> =>
    buildTables(await tallyCases(request, { dataset, splits, grid, hasMaps }, split, context), scores, where);
  const evaluated = await tables(options.split);
  if (evaluated.stack.length === 0)
    throw dataFault(data, `split ${options.split} must hold a case that can be evaluated`, "none", "Choose another eval.split");
  const needed = options.threshold.rule !== "fixed" || options.mask.rule !== "fixed";
  const none: Tables = { slice: [], stack: [], subject: [] };
  const validation = options.split === "val" ? evaluated : needed ? await tables("val") : none;
  return { dataset, evaluated, validation, grid, hasMaps };
}

async function tallyCases(
  request: EvalRequest,
  { dataset, splits, grid, hasMaps }: Pick<Loaded, "dataset" | "grid" | "hasMaps"> & { readonly splits: Splits },
  split: SplitName,
  { reporter, signal }: StageContext,
): Promise<TalliedCase[]> {
  const cases = casesOfSplit(dataset, splits, split).filter((c) => isLabelled(c, request.options));
  const out: TalliedCase[] = [];
  for (const [i, c] of cases.entries()) {
    throwIfStopped(signal);
    reporter.progress(`eval ${split}`, i, cases.length, c.id);
    const { truth, probability } = await readPair(request, dataset, c, hasMaps);
    const slices = tallySlices(truth, probability, sliceAxis(probability), grid).map((t) => (hasMaps ? t : withoutMap(t)));
    out.push({ case: c, plane: slicePlane(probability), voxelMm3: Math.abs(determinant(probability.affine)), slices });
  }
  reporter.progress(`eval ${split}`, cases.length, cases.length);
  return out;
}

/** Truth and prediction of a case; the truth is null for a healthy case without a mask. Without maps the image itself stands for its grid. */
async function readPair(
  { data, predictions }: EvalRequest,
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

async function write(
  request: EvalRequest,
  loaded: Loaded,
  { roc }: Measured,
  results: Results,
  { signal }: StageContext,
): Promise<void> {
  const { out, options, report, seed } = request;
  const { evaluated, grid } = loaded;
  const mask = results.mask.probability === null ? Number.NaN : grid.indexOf(results.mask.probability);
  const plots = drawPlots(results, roc, evaluated, mask);
  for (const level of levels) await writeAtomic(join(out, "plots", `roc-${level}.svg`), plots.roc[level]);
  await writeAtomic(join(out, "plots", "stack-scores.svg"), plots.scores);
  await writeAtomic(join(out, "plots", "stack-dice.svg"), plots.dice);
  await writeAtomic(join(out, "units.csv"), formatUnits(splitTables(loaded, options), mask));
  const gallery: GalleryItem[] = [];
  for (const chosen of loaded.hasMaps ? chooseCases(evaluated.stack, mask) : []) {
    throwIfStopped(signal);
    gallery.push(await galleryItem(request, loaded, chosen, results));
  }
  const config = request.config ?? canonicalJson({ eval: options, seed }, 2);
  await writeAtomic(report, reportPage({ results, plots, gallery, config }));
  await writeAtomic(join(out, "results.json"), `${canonicalJson(results, 1)}\n`);
}

async function galleryItem(
  request: EvalRequest,
  { dataset, evaluated }: Loaded,
  chosen: Chosen,
  { mask, operatingPoints }: Results,
): Promise<GalleryItem> {
  const c = dataset.cases.find(({ id }) => id === chosen.unit.case)!;
  const place = (path: string) => join(request.data, dataset.root, path);
  const { truth, probability } = await readPair(request, dataset, c, true);
  const onGrid = <V extends Grid>(volume: V, ref: FileRef) => onGridOf(volume, probability, place(ref.path));
  const image = onGrid(await readVolume(place(c.image.path), undefined, c.image.sha256), c.image);
  const { brainMask } = c;
  const brain = brainMask && onGrid(await readLabels(place(brainMask.path), undefined, brainMask.sha256), brainMask);
  const slice = shownSlice(evaluated.slice.filter((unit) => unit.case === c.id));
  const picture = casePicture(image, truth, probability, brain, slice, mask.probability ?? 0.5);
  const { width, height } = picture;
  return {
    title: chosen.title,
    caption: caseCaption(c, chosen, slice, operatingPoints.stack.threshold),
    png: await encodePng(picture),
    width,
    height,
  };
}
