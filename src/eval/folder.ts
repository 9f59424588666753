import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type StageContext, throwIfStopped } from "../core/context.ts";
import { canonicalJson } from "../core/hash.ts";
import type { Volume } from "../core/volume.ts";
import type { Case, FileRef, SplitName } from "../data/dataset.ts";
import { writeAtomic } from "../data/files.ts";
import type { Grid } from "../data/grid.ts";
import { readLabels, readVolume } from "../data/nifti.ts";
import { usualWindow } from "../data/preprocess.ts";
import { packageVersion } from "../data/version.ts";
import type { Bitmap } from "../picture/bitmap.ts";
import { encodePng } from "../picture/png.ts";
import { attentionWords, bagPicture } from "./attention.ts";
import { onGridOf } from "./check.ts";
import { type ClassTable, classUnitsFile, formatClassUnits } from "./classes/table.ts";
import type { BoxTable } from "./detect/measure.ts";
import type { Figures } from "./figures.ts";
import {
  type CaseOutlines,
  type Chosen,
  casePicture,
  chooseCases,
  chooseRight,
  cropsPicture,
  cropWords,
  shownSlice,
} from "./gallery.ts";
import { heatFile, type Loaded, readPair } from "./load.ts";
import { joinTables, type Operation } from "./measure.ts";
import type { EvalOptions } from "./options.ts";
import { sigmoid } from "./predict/score.ts";
import { type Beside, besideTables } from "./reference/tables.ts";
import { drawPlots } from "./report/figures.ts";
import { caseCaption } from "./report/format.ts";
import { type GalleryItem, reportPage } from "./report/page.ts";
import { type Results, resultsSchema } from "./results.ts";
import type { Tables, Unit } from "./table.ts";
import { atThreshold } from "./tally.ts";
import { formatUnits, type UnitTable } from "./units-csv.ts";

/** Where an evaluation is written, and how. */
export interface Target {
  /** Folder to write: units.csv, plots/, and results.json last. */
  readonly out: string;
  /** The report's file, `report.html` of the run folder. */
  readonly report: string;
  readonly options: EvalOptions;
  readonly seed: number;
  /** Of the experiment; at the head of the report. */
  readonly name?: string;
  /** Which of its sizes the config was taken at. */
  readonly atSize?: string | undefined;
  /** Text of the resolved config, printed at the end of the report; absent prints the eval options alone. */
  readonly config?: string;
  /** Shown below the figures. */
  readonly beside?: Beside;
}

/** What one network predicted, with the thresholds that were chosen for it. */
export interface Judged extends Loaded {
  readonly operation: Operation;
}

/** Takes away what makes the folder whole, before anything in it changes. */
export async function openFolder({ out }: Target): Promise<void> {
  await rm(join(out, "results.json"), { force: true });
}

/** Each table that was read, by the name of its split. */
export function splitTables({ evaluated, validation }: Loaded, { split }: EvalOptions): (readonly [SplitName, Tables])[] {
  const other = validation === evaluated || validation.stack.length === 0 ? [] : [["val", validation] as const];
  return [[split, evaluated], ...other];
}

/**
 * Writes tables, plots and the report, and results.json last.
 * @param parts - One, or the folds of a cross-validation in order.
 */
export async function writeEvaluation(
  target: Target,
  parts: readonly Judged[],
  results: Results,
  { roc, froc, classes }: Pick<Figures, "roc" | "froc" | "classes">,
  { signal }: StageContext,
): Promise<void> {
  const { out, options, report, seed } = target;
  resultsSchema.parse(results);
  const stacks = parts.flatMap((part) => part.evaluated.stack.map((unit) => asOperated(unit, part, parts.length > 1)));
  const [first] = parts as [Judged];
  const units = joinTables(parts.map(({ evaluated }) => evaluated));
  const plots = drawPlots(results, { roc, tables: units, stacks, froc, task: first.task });
  await rm(join(out, "plots"), { recursive: true, force: true });
  for (const [name, svg] of Object.entries(plots)) await writeAtomic(join(out, "plots", `${name}.svg`), svg);
  await writeAtomic(join(out, "units.csv"), formatUnits(unitTables(parts, options)));
  const gallery = await galleryOf(parts, stacks, classes?.table ?? null, signal);
  const config = target.config ?? canonicalJson({ eval: options, seed }, 2);
  if (classes !== null) await writeAtomic(join(out, classUnitsFile), formatClassUnits(classes.table));
  const tables = target.beside === undefined ? [] : besideTables(target.beside);
  const shown = {
    plots,
    gallery,
    config,
    tables,
    classTables: classes?.measured.tables ?? [],
    name: target.name,
    atSize: target.atSize,
  };
  await writeAtomic(report, reportPage({ results, task: first.task, version: packageVersion(), ...shown }));
  await writeAtomic(join(out, "results.json"), `${canonicalJson(results, 1)}\n`);
}

/**
 * A stack as its network's thresholds see it: its mask drawn, and among several networks its score counted from the threshold,
 * where all networks have their zero.
 */
function asOperated(unit: Unit, { grid, operation: { mask, operatingPoints } }: Judged, several: boolean): Unit {
  const tally = atThreshold(unit.tally, maskPlace(grid, mask));
  return { ...unit, tally, score: several ? unit.score - (operatingPoints.stack.threshold ?? Number.NaN) : unit.score };
}

/** Place of the mask threshold in the tallies; NaN where there is none. */
function maskPlace(grid: readonly number[], { probability }: Operation["mask"]): number {
  return probability === null ? Number.NaN : grid.indexOf(probability);
}

/** Of several folds only what each tested: a subject validates in many. */
function unitTables(parts: readonly Judged[], options: EvalOptions): UnitTable[] {
  const several = parts.length > 1;
  return parts.flatMap((part, i) => {
    const mask = maskPlace(part.grid, part.operation.mask);
    const tables = splitTables(part, options).slice(0, several ? 1 : 2);
    return tables.map(([split, units]): UnitTable => ({ split, units, mask, fold: several ? i : null }));
  });
}

/** Bags that were called rightly and are shown all the same: what the network looked at is to be seen. */
const shownBags = 3;

/** Pictures of the stacks with the largest errors. @param stacks - As their thresholds see them. */
async function galleryOf(
  parts: readonly Judged[],
  stacks: readonly Unit[],
  classes: ClassTable | null,
  signal: AbortSignal,
): Promise<GalleryItem[]> {
  const [first] = parts as [Judged];
  const threshold = parts.length > 1 ? 0 : first.operation.operatingPoints.stack.threshold;
  const items: GalleryItem[] = [];
  const wrong = chooseCases(stacks, first.hasMaps ? 0 : Number.NaN, threshold, first.task === "bags" ? shownBags : 0);
  const right = classes === null || first.pointed === null ? [] : chooseRight(stacks, classes, wrong);
  for (const chosen of [...wrong, ...right]) {
    throwIfStopped(signal);
    items.push(await galleryItem(chosen, parts));
  }
  return items;
}

async function galleryItem(chosen: Chosen, parts: readonly Judged[]): Promise<GalleryItem> {
  const part = parts.find(({ evaluated }) => evaluated.stack.some((unit) => unit.case === chosen.unit.case))!;
  const { from, dataset, evaluated, operation } = part;
  const c = dataset.cases.find(({ id }) => id === chosen.unit.case)!;
  const unit = evaluated.stack.find((one) => one.case === c.id)!; // with the score that the network gave
  const place = (path: string) => join(from.data, dataset.root, path);
  const { truth, probability } = await readPair(from, dataset, c, part.hasMaps);
  const onGrid = <V extends Grid>(volume: V, ref: FileRef) => onGridOf(volume, probability, place(ref.path));
  const image = onGrid(await readVolume(place(c.image.path), undefined, c.image.sha256), c.image);
  const { brainMask } = c;
  const brain = brainMask && onGrid(await readLabels(place(brainMask.path), undefined, brainMask.sha256), brainMask);
  const slice = shownSlice(evaluated.slice.filter((one) => one.case === c.id));
  const window = usualWindow[dataset.modality ?? "T2w"];
  const attended = part.attention?.get(c.id);
  const draw = async (): Promise<readonly [Bitmap, string]> => {
    if (part.task === "crops") return [cropsPicture(image, window), cropWords(image)];
    if (attended !== undefined)
      return [bagPicture(image, truth, brain, attended, window), attentionWords(attended, evaluated.slice, c.id)];
    const outlines = await outlinesOf(part, c, slice, truth, probability);
    return [casePicture(image, outlines, brain, slice, window), `slice ${slice}`];
  };
  const [picture, shown] = await draw();
  const { threshold } = operation.operatingPoints.stack;
  const graded = dataset.cases.some(({ grade }) => grade !== null);
  const { width, height } = picture;
  return {
    title: chosen.title,
    caption: caseCaption(c, { ...chosen, unit }, shown, { threshold, graded }),
    png: await encodePng(picture),
    width,
    height,
  };
}

/** What is drawn over a slice of a case. */
async function outlinesOf(
  { from, boxes, hasMaps, pointed, operation }: Judged,
  c: Case,
  slice: number,
  truth: Volume<Uint16Array> | null,
  probability: Volume,
): Promise<CaseOutlines> {
  if (boxes !== null) return boxesShown(boxes, boxes.firstOf.get(c.id)! + slice, operation.operatingPoints.slice.threshold);
  const heat = pointed === null ? null : onGridOf(await readVolume(heatFile(from, c)), probability, heatFile(from, c));
  return { truth, probability: hasMaps ? probability : null, threshold: operation.mask.probability ?? 0.5, heat };
}

/** The boxes of a picture, true ones and those that call its slice. @param threshold - Logit; null: 0. */
function boxesShown({ truth, found }: BoxTable, picture: number, threshold: number | null): CaseOutlines {
  const least = sigmoid(threshold ?? 0);
  const there = truth.filter(({ image }) => image === picture);
  const called = found.filter(({ image, score }) => image === picture && score >= least);
  return { truth: there.map(({ box }) => box), found: called.map(({ box }) => box) };
}
