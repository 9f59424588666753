import type { Rng } from "../core/rng.ts";
import type { Dataset } from "../data/dataset.ts";
import { type MeasuredClassTable, measureClassTable } from "./classes/measure.ts";
import type { ClassTable } from "./classes/table.ts";
import { foundMetrics } from "./found.ts";
import { type Froc, frocOf } from "./froc.ts";
import type { EvaluatedTask, Loaded } from "./load.ts";
import { type Measured, measure } from "./measure.ts";
import type { EvalOptions } from "./options.ts";
import type { Metric, Results } from "./results.ts";
import { dataOf } from "./summary.ts";

/** What was told of classes, and the figures of it. */
export interface ClassFigures {
  readonly table: ClassTable;
  readonly measured: MeasuredClassTable;
}

/** All figures of an evaluation, those of classes and of what was found among them. */
export interface Figures extends Measured {
  /** null for what finds nothing, and of several folds. */
  readonly froc: Froc | null;
  /** null where the network tells no classes. */
  readonly classes: ClassFigures | null;
}

/** @param parts - One, or the folds of a cross-validation, all of one kind. */
export function figuresOf(parts: readonly Loaded[], options: EvalOptions, rng: Rng): Figures {
  const { grid } = parts[0]!;
  const { bootstrap } = options;
  const measured = measure(parts, grid, options, rng);
  const froc = frocOf(parts, measured.plan, bootstrap);
  const known = knownMetrics(measured.metrics, parts[0]!);
  const found = foundMetrics(parts, measured.plan, bootstrap);
  const metrics = [...known, ...(froc === null ? [] : [froc.score]), ...found];
  return { ...measured, metrics, froc, classes: classFigures(parts, options, rng) };
}

/** The classes of all parts together, and their figures. */
function classFigures(parts: readonly Loaded[], { bootstrap }: EvalOptions, rng: Rng): ClassFigures | null {
  const classes = parts[0]!.classes?.classes;
  if (classes === undefined) return null;
  const table = { classes, units: parts.flatMap((part) => part.classes!.units) };
  return { table, measured: measureClassTable(table, bootstrap, rng.fork("classes")) };
}

/** Figures as they stand where there are no maps: Dice does not exist, and why. Crops of one examination have one score, so none are of slices. */
function knownMetrics(metrics: readonly Metric[], { hasMaps, task }: Loaded): Metric[] {
  const isDice = ({ metric }: Metric) => metric.startsWith("dice");
  const none = { estimate: null, low: null, high: null, reason: "the network draws no maps" };
  const own = task === "crops" ? metrics.filter(({ per }) => per !== "slice") : metrics;
  return own.map((metric) => (hasMaps || !isDice(metric) ? metric : { ...metric, ...none }));
}

const wholeSlices = "The network tells of whole slices and draws no maps: there is no Dice, and cases show the truth alone.";

/** What is said of networks that draw no maps. */
const noMaps: Readonly<Record<Exclude<EvaluatedTask, "masks">, string>> = {
  boxes: "The network finds boxes and draws no maps: there is no Dice.",
  slices: wholeSlices,
  bags: wholeSlices,
  crops:
    "The network sees the crops of an examination together and draws no maps: there is no Dice, and no figure of a single crop.",
};

/** What a reader must know of figures of classes, and of what the network draws. @param ofMasks - Said where it draws maps. */
export function kindNotes({ classes }: Figures, { task }: Loaded, ofMasks: readonly string[]): string[] {
  const called = (first: string) =>
    `What is called a lesion here is every class but the first, ${first}: its score is the logit of all others together.`;
  return [
    ...(classes === null ? [] : [called(classes.table.classes[0]!), ...classes.measured.notes]),
    ...(task === "masks" ? ofMasks : [noMaps[task]]),
  ];
}

/** What results say alike of one network and of the folds of a cross-validation. */
export function beginResults(
  { options, seed }: { readonly options: EvalOptions; readonly seed: number },
  dataset: Dataset,
  { metrics, transfers, classes }: Figures,
): Omit<Results, "splits" | "notes" | keyof Measured["operations"][number]> {
  return {
    schemaVersion: 1,
    dataset: dataset.name,
    split: options.split,
    seed,
    ...dataOf(dataset),
    options,
    metrics,
    ...(transfers === undefined ? {} : { transfers }),
    ...(classes === null ? {} : { negativeClass: classes.table.classes[0]!, classes: classes.measured.classes }),
  };
}
