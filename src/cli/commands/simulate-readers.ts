import { many } from "../../core/words.ts";
import { simulateOptions } from "../../eval/readers/simulate/options.ts";
import { runSimulate } from "../../eval/readers/simulate/stage.ts";
import type { Outcome } from "../session.ts";
import { checkedOptions, typedNumber, typedNumbers } from "./flags.ts";

/** Options of `hemosynth simulate-readers`, as commander parses them. */
export interface SimulateReadersFlags {
  readonly out: string;
  readonly unit?: string;
  readonly split?: string;
  readonly readers?: string;
  readonly sensitivity?: string;
  readonly specificity?: string;
  readonly trust?: readonly string[];
  readonly seconds?: string;
  readonly saving?: readonly string[];
  readonly seed?: string;
}

/** `hemosynth simulate-readers RUN`: readings of readers who do not exist. */
export async function simulateReaders(run: string, flags: SimulateReadersFlags): Promise<Outcome> {
  const values = {
    unit: flags.unit,
    split: flags.split,
    trust: flags.trust?.map(typedNumber),
    saving: flags.saving?.map(typedNumber),
    ...typedNumbers(flags, ["readers", "sensitivity", "specificity", "seconds", "seed"]),
  };
  const options = checkedOptions(simulateOptions, values, flags, "simulate-readers");
  const result = await runSimulate({ run, out: flags.out, options });
  const { file, cases, positives, patients, readings } = result;
  const text = [
    `SIMULATED readers, ${options.readers}: ${many(readings, "reading")} of ${many(cases, "case")} (${positives} positive) of ${many(patients, "patient")}; no person has read anything`,
    `in ${file}; evaluate it: hemosynth reader ${file} --arms without with --out tables`,
  ].join("\n");
  return { text, json: { ...result, simulated: true } };
}
