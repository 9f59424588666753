import { loadExperiment, relativeTo } from "../../config/experiment.ts";
import { experimentJsonSchema, experimentYaml } from "../../config/show.ts";
import { type CommonOptions, type Outcome, overridesOf } from "../session.ts";

/** `hemosynth config show CONFIG`: the resolved config, for a file in the current folder. */
export async function show(config: string, options: Pick<CommonOptions, "set" | "seed" | "backend">): Promise<Outcome> {
  const experiment = await loadExperiment(config, overridesOf(options));
  const here = process.cwd();
  return { text: experimentYaml(experiment, here).trimEnd(), json: relativeTo(here, experiment) };
}

/** `hemosynth config schema [of]`: the JSON Schema of a config file, or of a sidecar. */
export async function schema(of: "experiment" | "sidecar"): Promise<Outcome> {
  const json = of === "sidecar" ? (await import("../../synth/sidecar.ts")).sidecarJsonSchema() : experimentJsonSchema();
  return { text: JSON.stringify(json, null, 2), json };
}
