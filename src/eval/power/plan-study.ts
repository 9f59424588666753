import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { aurocPower, designEffect, sampleSize, sharePower } from "../metrics/power.ts";
import type { PowerOptions } from "./options.ts";

/** A study that is planned: how many cases, and the chance that it shows what it is meant to. */
export interface PlannedStudy {
  readonly options: PowerOptions;
  /** Cases with the finding; null where the figure is not of them. */
  readonly positives: number | null;
  /** Cases without. */
  readonly negatives: number | null;
  /** Patients that so many cases are of; fractions rounded up. */
  readonly patients: number;
  readonly power: number;
  /** What success is, in words. */
  readonly success: string;
}

/**
 * The power of a number of cases, or the number for a power. Cases of one patient count for less, by the design effect.
 * @throws {UserError} (usage) If what is expected is not above what it is tested against, or no number up to a million is enough.
 */
export function planStudy(options: PowerOptions): PlannedStudy {
  const { expected, against, figure, level, perPatient, icc } = options;
  if (!(expected > against))
    throw new UserError(
      "usage",
      `--against: must be below --expected (${expected}); got ${against}. Take a value to be better than.`,
    );
  const effect = designEffect(perPatient, icc);
  const percent = (share: number) => `${Number((100 * share).toPrecision(6))} %`;
  if (options.figure === "auroc") {
    const { ratio, correlation } = options;
    const powerOf = (positives: number) =>
      aurocPower(options, Math.max(1, positives / effect), Math.max(1, (positives * ratio) / effect));
    const { n: positives, power } = sizeOf(options.positives, powerOf, options.power);
    const negatives = Math.ceil(positives * ratio);
    const success =
      correlation === null
        ? `a two-sided test at ${percent(1 - level)} finds the AUROC above ${against}`
        : `a two-sided test at ${percent(1 - level)} finds the AUROC above that of the other model, ${against}`;
    return { options, positives, negatives, patients: Math.ceil((positives + negatives) / perPatient), power, success };
  }
  const powerOf = (cases: number) => sharePower(options, Math.max(1, Math.floor(cases / effect)));
  const { n, power } = sizeOf(options.cases, powerOf, options.power);
  const [positives, negatives] = figure === "sensitivity" ? [n, null] : [null, n];
  const success = `Clopper and Pearson's ${percent(level)} interval of the ${figure} lies above ${against}`;
  return { options, positives, negatives, patients: Math.ceil(n / perPatient), power, success };
}

function sizeOf(given: number | null, powerOf: (n: number) => number, target: number): { n: number; power: number } {
  if (given !== null) return { n: given, power: powerOf(given) };
  const size = sampleSize(powerOf, target);
  if (size !== null) return size;
  throw new UserError(
    "usage",
    "--against: must differ enough from --expected; a million cases do not reach the power. Take another value.",
  );
}

/** For a person. */
export function studyText({ options, positives, negatives, patients, power, success }: PlannedStudy): string {
  const cases = [
    ...(positives === null ? [] : [`${many(positives, "case")} with the finding`]),
    ...(negatives === null ? [] : [`${negatives} without`]),
  ].join(", ");
  const { expected, figure, perPatient, icc } = options;
  const alike =
    perPatient > 1
      ? `\n${perPatient} cases a patient with correlation ${icc}: each counts for ${(1 / designEffect(perPatient, icc)).toFixed(2)} of an independent one`
      : "";
  return [
    `expected ${figure} ${expected}; success: ${success}`,
    `${cases}${negatives !== null && positives === null ? " the finding" : ""} (${many(patients, "patient")}): power ${power.toFixed(3)}${alike}`,
    "what is expected is a guess: look at a lower value too",
  ].join("\n");
}
