import { loadExperiment, relativeTo } from "../../config/experiment.ts";
import { experimentJsonSchema, experimentYaml } from "../../config/show.ts";
import { type CommonOptions, type Outcome, overridesOf } from "../session.ts";

/** `hemosynth config show CONFIG`: the resolved config, for a file in the current folder. */
export async function show(config: string, options: Pick<CommonOptions, "set" | "seed" | "backend">): Promise<Outcome> {
  const experiment = await loadExperiment(config, overridesOf(options));
  const here = process.cwd();
  return { text: experimentYaml(experiment, here).trimEnd(), json: relativeTo(here, experiment) };
}

/** What there is a JSON Schema of. */
type SchemaName = "experiment" | "sidecar" | "metrics" | "boxes" | "masks" | "reader";

/** `hemosynth config schema [of]`: the JSON Schema of a config file, of a sidecar, of metrics.json of predictions, boxes or masks, or of reader.json. */
export async function schema(of: SchemaName): Promise<Outcome> {
  const json = await schemaOf(of);
  return { text: JSON.stringify(json, null, 2), json };
}

async function schemaOf(of: SchemaName): Promise<object> {
  switch (of) {
    case "experiment":
      return experimentJsonSchema();
    case "sidecar":
      return (await import("../../synth/sidecar.ts")).sidecarJsonSchema();
    case "metrics":
      return (await import("../../eval/predictions/json-schema.ts")).metricsJsonSchema();
    case "boxes":
      return (await import("../../eval/boxes/results.ts")).boxesJsonSchema();
    case "reader":
      return (await import("../../eval/readers/results.ts")).readerJsonSchema();
    case "masks":
      return (await import("../../eval/masks/results.ts")).masksJsonSchema();
    default:
      return of satisfies never;
  }
}
