import type { ScalarEvent } from "../data/tensorboard.ts";
import type { ValidationRow } from "./run.ts";

const columns = ["step", "trainLoss", "learningRate", "loss", "dice", "auroc", "brainDice", "map50"] as const;

/** First line of metrics.csv. */
export const metricsHeader = `${["step", "train_loss", "learning_rate", "val_loss", "val_dice", "val_auroc", "val_brain_dice", "val_map50"].join(",")}\n`;

/** A line of metrics.csv, 7 significant digits; an undefined figure is empty. No timings: the file is the same for the same training. */
export function metricsLine(row: ValidationRow): string {
  return `${columns.map((key) => (row[key] === null ? "" : String(Number(row[key].toPrecision(7))))).join(",")}\n`;
}

/**
 * The lines of metrics.csv up to and with `lastStep`: what an uninterrupted training had written then.
 * A last line that is torn, or a file without our header, is as if it had not been written.
 */
export function keepMetrics(text: string, lastStep: number): string {
  const lines = text.split(/(?<=\n)/);
  if (lines[0] !== metricsHeader) return metricsHeader;
  const whole = lines.slice(1).filter((line) => line.endsWith("\n") && line.split(",").length === columns.length);
  return [metricsHeader, ...whole.filter((line) => Number(line.split(",")[0]) <= lastStep)].join("");
}

/** A row as TensorBoard shows it. */
export function validationEvent({
  step,
  trainLoss,
  learningRate,
  loss,
  dice,
  auroc,
  brainDice,
  map50,
}: ValidationRow): ScalarEvent {
  const figures = { "val/loss": loss, "val/dice": dice, "val/auroc": auroc, "val/brain_dice": brainDice, "val/map50": map50 };
  const defined = Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== null);
  return { step, values: { "train/loss": trainLoss, "train/learning_rate": learningRate, ...Object.fromEntries(defined) } };
}
