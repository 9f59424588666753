import type { SplitName } from "../data/dataset.ts";
import { diceOf } from "./metrics/dice.ts";
import { orNull } from "./operate.ts";
import { csvLine, levels } from "./scores.ts";
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

/**
 * `units.csv`: truth, score and Dice of every unit, for whoever wants to compute further.
 * Dice is empty where truth and prediction are.
 *
 * @param mask - Place of the mask threshold in the tallies; NaN leaves prediction and Dice empty.
 */
export function formatUnits(tables: readonly (readonly [SplitName, Tables])[], mask: number): string {
  const line = (split: SplitName, unit: Unit) => {
    const { truth, predicted } = unit.tally;
    const masked = Number.isNaN(mask)
      ? [null, null]
      : [round(predicted[mask]! * unit.voxelMm3), orNull(round(diceOf(overlapAt(unit.tally, mask))))];
    const name = [unit.level, unit.subject, unit.case, unit.slice, split, unit.plane, unit.grade];
    return csvLine([...name, unit.label, unit.score, round(truth * unit.voxelMm3), ...masked]);
  };
  const lines = tables.flatMap(([split, units]) => levels.flatMap((level) => units[level].map((unit) => line(split, unit))));
  return [columns.join(","), ...lines, ""].join("\n");
}

const round = (value: number): number => Number(value.toPrecision(6));
