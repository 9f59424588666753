import { csvLine } from "../data/csv.ts";
import type { SplitName } from "../data/dataset.ts";
import { diceOf } from "./metrics/dice.ts";
import { orNull } from "./metrics/or-null.ts";
import { levels } from "./scores.ts";
import type { Tables, Unit } from "./table.ts";
import { overlapAt } from "./tally.ts";

const columns = [
  "level",
  "subject",
  "case",
  "slice",
  "split",
  "plane",
  "grade",
  "truth",
  "score",
  "truth_mm3",
  "predicted_mm3",
  "dice",
];

/** Units of one split that one network scored. */
export interface UnitTable {
  readonly split: SplitName;
  readonly units: Tables;
  /** Place of the mask threshold in the tallies; NaN leaves prediction and Dice empty. */
  readonly mask: number;
  /** The fold that tested them; null where there are no folds: then there is no such column. */
  readonly fold: number | null;
}

/**
 * `units.csv`: truth, score and Dice of every unit, for whoever wants to compute further.
 * Dice is empty where truth and prediction are; the volume of the truth where a label alone says that there is something.
 */
export function formatUnits(tables: readonly UnitTable[]): string {
  const line = ({ split, mask, fold }: UnitTable, unit: Unit) => {
    const { truth, predicted } = unit.tally;
    const masked = Number.isNaN(mask)
      ? [null, null]
      : [round(predicted[mask]! * unit.voxelMm3), orNull(round(diceOf(overlapAt(unit.tally, mask))))];
    const name = [unit.level, unit.subject, unit.case, unit.slice, split, unit.plane, unit.grade];
    const cells = [
      ...name,
      unit.label,
      unit.score,
      truth === Number.POSITIVE_INFINITY ? null : round(truth * unit.voxelMm3),
      ...masked,
    ];
    return csvLine(fold === null ? cells : [...cells, fold]);
  };
  const lines = tables.flatMap((table) => levels.flatMap((level) => table.units[level].map((unit) => line(table, unit))));
  const head = tables.some(({ fold }) => fold !== null) ? [...columns, "fold"] : columns;
  return [head.join(","), ...lines, ""].join("\n");
}

const round = (value: number): number => Number(value.toPrecision(6));
