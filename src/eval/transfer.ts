import type { ResamplingPlan } from "./metrics/bootstrap.ts";
import { type Confusion, confusionAt, sensitivity, specificity, sumConfusions } from "./metrics/confusion.ts";
import { orNull } from "./metrics/or-null.ts";
import { type Choice, chooseOperatingPoint, describeOperatingPoint } from "./operate.ts";
import type { EvalOptions } from "./options.ts";
import { call } from "./pooling.ts";
import { type Sample, sampleOf } from "./resample.ts";
import type { Transfer } from "./results.ts";
import type { Level } from "./scores.ts";
import type { Tables } from "./table.ts";

/** One rule for a threshold, applied to the validation units of one part and one level. */
export interface Applied {
  readonly per: Exclude<Level, "slice">;
  readonly choice: Choice;
  /** In words. */
  readonly rule: string;
  /** What it reached where it was chosen; null where there is no validation split. */
  readonly reached: Confusion | null;
  readonly units: number;
  readonly positives: number;
}

/** Applies the rule of the evaluation and those beside it, to stacks and examinations. @param onValidation - null where the validation split is empty. */
export function applyRules(
  onValidation: (level: Level) => Sample | null,
  { threshold, alsoThresholds, bootstrap }: EvalOptions,
): Applied[] {
  return [threshold, ...alsoThresholds].flatMap((rule) =>
    (["stack", "subject"] as const).map((per) => {
      const validation = onValidation(per);
      const choice = chooseOperatingPoint(per, validation, rule, bootstrap);
      return {
        ...{ per, choice, rule: describeOperatingPoint(choice, rule, validation).rule },
        reached: validation && confusionAt(validation.ranked, choice.value),
        units: validation?.units.length ?? 0,
        positives: validation?.units.filter((unit) => unit.label === 1).length ?? 0,
      };
    }),
  );
}

/**
 * What thresholds reached where they were chosen, and what is left of that on the units that are evaluated, with intervals that hold the choice. Counts of
 * several parts are summed, each at its own threshold; a part that could choose none has no say.
 */
export function transfers(
  parts: readonly { readonly evaluated: Tables; readonly applied: readonly Applied[] }[],
  plan: ResamplingPlan,
  options: EvalOptions,
): Transfer[] {
  return parts[0]!.applied.map(({ per, rule }, i) => {
    const own = parts.map(({ evaluated, applied }) => ({ ...applied[i]!, sample: sampleOf(plan, evaluated[per]) }));
    const chosen = own.filter(({ choice, reached }) => reached !== null && !Number.isNaN(choice.value));
    const sum = (of: "units" | "positives") => chosen.reduce((total, part) => total + part[of], 0);
    const there = sumConfusions(chosen.map(({ reached }) => reached!));
    const pieces = own.filter(({ sample }) => sample.units.length > 0);
    return {
      ...{ rule, per },
      validation:
        chosen.length === 0
          ? null
          : { units: sum("units"), positives: sum("positives"), sensitivity: orNull(sensitivity(there)), specificity: orNull(specificity(there)) },
      sensitivity: call("sensitivity", pieces, { per, subset: "all", plan, options }),
      specificity: call("specificity", pieces, { per, subset: "all", plan, options }),
    };
  });
} // biome-ignore format: one line
