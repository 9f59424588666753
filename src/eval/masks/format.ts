import { many } from "../../core/words.ts";
import { csvLine } from "../../data/csv.ts";
import { oneLine } from "../../data/faults.ts";
import { orNull } from "../metrics/or-null.ts";
import { fixed } from "../report/format.ts";
import type { TableDocument, TextTable } from "../tables/document.ts";
import { type FigureRow, figureRows, figuresCsv, figureTable, pValue, range } from "../tables/figures.ts";
import { caseValues, type MeasuredCase, specsOf, type Unit, units } from "./figures.ts";
import type { MasksOptions } from "./options.ts";
import type { Content, FrocRow, MaskComparison, MasksResults } from "./results.ts";

export const labelWords = (label: number | null) => (label === null ? "lesion" : `label ${label}`);
const unitWords: Readonly<Record<Unit, string>> = {
  slice: "mean over slices",
  case: "mean over cases",
  patient: "mean over patients of the mean of their cases",
  pooled: "all cases together",
};
const title = (label: number | null, per: Unit) => `${labelWords(label)}, ${unitWords[per]}`;

/** The tables for a reader; {@link formatCsv} holds all digits. */
export function masksDocument(results: MasksResults): TableDocument {
  const { notes, method, predictions, comparisons } = results;
  const names = maskFigureWords(results);
  const labels = results.content.map(({ label }) => label);
  const figures = labels.flatMap((label) =>
    units.flatMap((per): TextTable[] => {
      const own = results.figures.filter((one) => one.label === label && one.per === per);
      if (own.length === 0) return [];
      const { cells } = figureTable(own, names, results.options.resamples);
      const chance = cells[0]!.indexOf("chance"); // there is none of masks
      return [{ title: title(label, per), cells: cells.map((row) => row.filter((_, i) => i !== chance)) }];
    }),
  );
  const froc = labels.flatMap((label) => frocTable(label, results.froc));
  const compared = comparisons.flatMap((one) =>
    labels.flatMap((label) => units.flatMap((per) => comparisonTable(one, label, per, predictions.where, names))),
  );
  return { title: "Metrics of masks", lines: headLines(results), tables: [...figures, ...froc, ...compared], notes, method };
}

/** What each figure is called in print, by its name in files. */
export function maskFigureWords({ options, slices, figures }: MasksResults): Record<string, string> {
  const volumes = figures.some(({ metric }) => metric === "volume_error_ml");
  return Object.fromEntries(specsOf(options, slices, volumes).map(({ metric, name }) => [metric, name]));
}

function headLines(results: MasksResults): string[] {
  const { predictions, reference, cases, patients, slices, matchedBy, columns, options, method, content } = results;
  const what = many(cases, slices ? "lone slice" : "volume");
  return [
    `${oneLine(predictions.where)} beside ${oneLine(reference.where)}: ${what} of ${many(patients, "patient")}, matched by ${matchedBy}`,
    ...(columns === null ? [] : [`table of cases: ${columns}`]),
    ...(options.threshold === null ? [] : [`probability maps: lesion from ${options.threshold} on`]),
    ...content.map(contentWords),
    `lesions: ${options.connectivity} neighbours, found by ${matchWords(options)}`,
    `empty masks: ${emptyWords[options.empty]}`,
    `intervals: ${method}`,
  ];
}

function contentWords({ label, cases, emptyReference, emptyPrediction, bothEmpty, lesions, predictedLesions }: Content): string {
  const empty = `without it ${emptyReference} of ${many(cases, "reference")}, ${many(emptyPrediction, "prediction")}, both of ${bothEmpty}`;
  return `${labelWords(label)}: ${lesions} in references, ${predictedLesions} predicted; ${empty}`;
}

export function matchWords({ match }: MasksOptions): string {
  if (match.rule === "any") return "any voxel that they share, many to many";
  return `${match.rule === "iou" ? "IoU" : "Dice"} of at least ${match.atLeast}, one to one, largest overlap first`;
}

export const emptyWords: Readonly<Record<MasksOptions["empty"], string>> = {
  skip: "where reference and prediction are both empty, Dice, IoU and surface Dice are left out",
  one: "where reference and prediction are both empty, Dice, IoU and surface Dice are 1",
  zero: "where reference and prediction are both empty, Dice, IoU and surface Dice are 0",
  smoothed: "one voxel is added to numerator and denominator of every Dice and IoU (Spahr et al. 2023); surface Dice of two empty masks is 1",
}; // biome-ignore format: a list

function frocTable(label: number | null, all: readonly FrocRow[]): TextTable[] {
  const rows = all.filter((row) => row.label === label);
  if (rows.length === 0) return [];
  const sizes = rows[0]!.bySize.map(({ size, lesions }) => `${size} (${lesions})`);
  const head = ["threshold", "false positives per case", "sensitivity", "interval", ...sizes, "why there is none"];
  const cells = rows.map(({ threshold, falsePositivesPerCase, sensitivity, bySize }) => [
    threshold.toFixed(2),
    fixed(falsePositivesPerCase, 3),
    fixed(sensitivity.estimate, 3),
    range(sensitivity),
    ...bySize.map((one) => fixed(one.sensitivity, 3)),
    sensitivity.reason ?? "",
  ]);
  return [{ title: `FROC, ${labelWords(label)}`, cells: [head, ...cells] }];
}

function comparisonTable(
  { predictions, differences }: MaskComparison,
  label: number | null,
  per: Unit,
  first: string,
  names: Readonly<Record<string, string>>,
): TextTable[] {
  const rows = differences.filter((one) => one.label === label && one.per === per);
  if (rows.length === 0) return [];
  const cells = rows.map((one) => [
    names[one.metric]!,
    fixed(one.estimate, 3),
    range(one),
    pValue(one.p),
    one.pHolm === one.p ? "" : pValue(one.pHolm),
    one.reason ?? "",
  ]);
  const head = ["figure", "difference", "interval", "p", "p, Holm", "why there is none"];
  return [{ title: `${oneLine(first)} minus ${oneLine(predictions.where)}: ${title(label, per)}`, cells: [head, ...cells] }];
}

/** One line for each figure and interval; the table's name says label and unit. */
export function formatCsv({ figures, froc, comparisons, predictions, method }: MasksResults): string {
  const own = figures.flatMap((one) => figureRows(title(one.label, one.per), [one], method));
  const curve = froc.map(({ label, threshold, sensitivity: { undefinedResamples, ...s } }): FigureRow => {
    const metric = `lesion_recall_at_${threshold.toFixed(2)}`;
    return { table: `FROC, ${labelWords(label)}`, subset: "all", metric, ...s, method, undefined_resamples: undefinedResamples };
  });
  const compared = comparisons.flatMap(({ predictions: other, differences }) =>
    differences.map(({ label, per, undefinedResamples, pHolm, ...d }): FigureRow => {
      const table = `${predictions.where} minus ${other.where}: ${title(label, per)}`;
      return { table, subset: "all", ...d, method, undefined_resamples: undefinedResamples, p_holm: pHolm };
    }),
  );
  return figuresCsv([...own, ...curve, ...compared]);
}

/** Each case by each prediction, a line for each label: all digits, empty where undefined. */
export function casesCsv(
  measured: readonly { readonly where: string; readonly label: number | null; readonly cases: readonly MeasuredCase[] }[],
  volumes: boolean,
  options: MasksOptions,
): string {
  const values = caseValues(options, volumes);
  const lesions = ["references", "detected", "predicted", "matched"] as const;
  const head = [
    ...["predictions", "id", "patient", "subgroup", "label", "reference_voxels", "predicted_voxels"],
    ...(volumes ? ["reference_ml", "predicted_ml"] : []),
    ...values.map(({ metric }) => metric),
    ...["lesions", "lesions_detected", "predicted_lesions", "predicted_lesions_matched"],
  ];
  const rows = measured.flatMap(({ where, label, cases }) =>
    cases.map(({ id, patient, subgroup, facts }) => [
      ...[where, id, patient, subgroup, labelWords(label)],
      ...[facts.counts.both + facts.counts.truthOnly, facts.counts.both + facts.counts.predictedOnly],
      ...(volumes ? [facts.referenceMl, facts.predictedMl] : []),
      ...values.map(({ of }) => orNull(of(facts))),
      ...lesions.map((name) => facts.lesions[name]),
    ]),
  );
  return [csvLine(head), ...rows.map(csvLine), ""].join("\n");
}
