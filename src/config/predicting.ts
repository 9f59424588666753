import { z } from "zod";
import { UserError } from "../core/errors.ts";
import { type Experiment, parseExperiment } from "./experiment.ts";
import { loadConfig, type Override } from "./load.ts";

/** The sections of a run's config that predicting by its model depends on; of the rest nothing is looked at. */
const trainedParts = z.object({ seed: z.unknown(), backend: z.unknown(), predict: z.unknown() }).partial();

/**
 * The experiment to predict with by a model that was trained before, maybe by another version of hemosynth. The model itself says how it is
 * built and how its input is prepared (model.json); of its run's config only `seed`, `backend` and `predict` are taken.
 *
 * @param file - The run's config; null where there is none: then the defaults serve.
 * @param warn - Gets a line where the config cannot be read, and the defaults serve instead.
 * @throws {UserError} (usage) If `overrides` hold a mistake.
 */
export async function experimentToPredict(
  file: string | null,
  overrides: readonly Override[],
  warn: (line: string) => void,
): Promise<Experiment> {
  const text = file === null ? null : await readParts(file, warn);
  return parseExperiment(text ?? "data: { kind: phantom }", text === null ? "predict" : file!, overrides);
}

/** A config, as text, of what predicting takes from a run's; null where that cannot be read. */
async function readParts(file: string, warn: (line: string) => void): Promise<string | null> {
  try {
    const { value } = await loadConfig(file, trainedParts);
    const text = JSON.stringify({ data: { kind: "phantom" }, ...value }); // JSON is YAML
    parseExperiment(text, file);
    return text;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const first = error.message.split("\n")[0]!.replace(/\.$/, "");
    warn(`${first}; predict uses the default options, and what --set says.`);
    return null;
  }
}
