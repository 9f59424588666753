import type { OptimizerOptions, ScheduleOptions } from "./optimizer-options.ts";

/**
 * Learning rate of a step, before any factor of a group.
 *
 * @param step - 1 for the first step.
 * @param steps - All steps of the training.
 */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, schedule }: Pick<OptimizerOptions, "learningRate" | "schedule">,
): number {
  if (schedule.kind === "oneCycle") return learningRate * oneCycleShare(step, steps, schedule);
  const warmup = Math.min(schedule.warmupSteps, Math.floor(steps / 2));
  if (step <= warmup) return (learningRate * step) / warmup;
  return learningRate * shareAfterWarmup(step - warmup, steps - warmup, schedule);
}

/** Share of the highest rate at a step after the warm-up, 1 being the first of `steps`. */
function shareAfterWarmup(step: number, steps: number, schedule: Exclude<ScheduleOptions, { kind: "oneCycle" }>): number {
  switch (schedule.kind) {
    // Source: Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts. The warm-up's last step has the height, so this one is past it.
    case "cosine":
      return schedule.finalShare + (1 - schedule.finalShare) * 0.5 * (1 + Math.cos(Math.PI * (step / Math.max(1, steps))));
    case "exponential":
      return schedule.factor ** (step - 1);
    // Source: Chen et al. 2018, arXiv:1606.00915, section 4.1.1; the last step is one before nothing, as PyTorch's.
    case "polynomial":
      return (1 - (step - 1) / steps) ** schedule.power;
    case "constant":
      return 1;
    default:
      return schedule satisfies never;
  }
}

/** Source: Smith & Topin 2018, arXiv:1708.07120; the form is PyTorch's `OneCycleLR` with cosines and two phases. */
function oneCycleShare(step: number, steps: number, schedule: Extract<ScheduleOptions, { kind: "oneCycle" }>): number {
  const start = 1 / schedule.startDivisor;
  const end = start / schedule.endDivisor;
  const [now, top, last] = [step - 1, schedule.riseShare * steps - 1, steps - 1];
  const between = (from: number, to: number, done: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * done));
  if (now <= top) return between(start, 1, top === 0 ? 1 : now / top);
  return between(1, end, (now - Math.max(top, 0)) / Math.max(1e-9, last - Math.max(top, 0)));
}
