import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import { clustersIn, fewClusters, fewestClusters, fewInSubgroups } from "../tables/few.ts";
import { isChosen, type MetricsOptions } from "./options.ts";
import { type Resampled, strataNotes } from "./plan.ts";
import { type ClassPredictions, rowsByClass } from "./read/classes.ts";
import { type Predictions, rowsByLabel } from "./read/rows.ts";

const noCluster =
  "No column tells which rows belong together: if one patient has several, the intervals are too narrow. Name it by --cluster.";
const takesRowsAlone =
  "Clusters hold several rows: Wilson, Clopper-Pearson, Jeffreys and DeLong take rows as independent, and stand there for comparison with papers.";
const biasedCalibration = "The expected calibration error is biased upwards where bins hold few rows, and more so in resamples.";
const permutationKeeps =
  "Differences of calls: intervals choose thresholds anew in each resample, permutations keep each model's own, so that their p leaves out how uncertain the choice is. Where the two disagree, go by the interval.";
const mcnemarAlone = "McNemar's test takes rows as independent.";

/** What a reader must know before quoting a figure of these predictions. */
export function notesOf(
  predictions: Predictions,
  onValidation: boolean,
  compared: number,
  { threshold, permutations }: Pick<MetricsOptions, "threshold" | "permutations">,
): string[] {
  const { columns, rows, noProbability } = predictions;
  const fewest = fewestClusters(rowsByLabel(rows));
  const alike = clustersIn(rows) < rows.length;
  const notes: [boolean, string][] = [
    [columns.cluster.length === 0, noCluster],
    [
      isChosen(threshold) && !onValidation,
      "The threshold was chosen on the very rows that are evaluated: all that depends on calls is optimistic. Give --validation.",
    ],
    [
      fewest < fewClusters,
      `Only ${many(fewest, "cluster")} with one of the classes: with fewer than ${fewClusters}, bootstrap intervals are mostly too narrow.`,
    ],
    [alike, takesRowsAlone],
    [alike && compared > 0, mcnemarAlone],
    [isChosen(threshold) && compared > 0 && permutations > 0, permutationKeeps],
    [noProbability === null, biasedCalibration],
    [rows[0]!.score === rows.at(-1)!.score, "All scores are equal: they tell nothing apart."],
  ];
  const few = fewInSubgroups(columns.subgroup, "clusters with one of the classes", rows, rowsByLabel);
  return [...sharedNotes(predictions), ...notes.flatMap(([holds, note]) => (holds ? [note] : [])), ...few];
}

/** Notes on what was read, whatever the figures. */
function sharedNotes(predictions: Resampled & Pick<Predictions, "remarks">): string[] {
  return [...predictions.remarks, ...strataNotes(predictions)];
}

/** What a reader must know before quoting a figure of predictions of several classes. */
export function classNotes(predictions: ClassPredictions, compared: number): string[] {
  const { columns, rows, classes, noProbability } = predictions;
  const byClass = (some: ClassPredictions["rows"]) => rowsByClass(some, classes);
  const perClass = byClass(rows).map(clustersIn);
  const fewest = Math.min(...perClass);
  const alike = clustersIn(rows) < rows.length;
  return [
    ...sharedNotes(predictions),
    ...(columns.cluster.length === 0 ? [noCluster] : []),
    ...(fewest < fewClusters
      ? [
          `Only ${many(fewest, "cluster")} of class ${oneLine(classes[perClass.indexOf(fewest)]!)}: with fewer than ${fewClusters}, bootstrap intervals are mostly too narrow.`,
        ]
      : []),
    ...(alike ? [takesRowsAlone] : []),
    ...(alike && compared > 0 ? [mcnemarAlone] : []),
    ...(noProbability === null
      ? [biasedCalibration]
      : ["Scores are no probabilities: micro averages compare them across classes all the same."]),
    ...fewInSubgroups(columns.subgroup, "clusters with one of the classes", rows, byClass),
  ];
}
