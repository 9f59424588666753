import { Document, isCollection, isScalar, visit } from "yaml";
import { z } from "zod";
import { sweepOptions } from "../sweep/options.ts";
import { type Experiment, experiment, relativeTo } from "./experiment.ts";

/** The experiment as YAML with every default written out, for a file in `folder`. Loading it gives the same experiment. */
export function experimentYaml(value: Experiment, folder: string): string {
  const document = new Document(relativeTo(folder, value));
  visit(document, {
    Seq(_, list) {
      if (list.items.every((item) => isScalar(item) || (isCollection(item) && item.flow === true))) list.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

type JsonSchema = { [key: string]: unknown };

/**
 * JSON Schema (draft 2020-12) of a config file, for editors.
 * No key is required, since a config may get the rest by `extends`; hemosynth itself checks that the whole is complete.
 */
export function experimentJsonSchema(): JsonSchema {
  const schema = relaxed(z.toJSONSchema(experiment, { target: "draft-2020-12", io: "input" })) as JsonSchema;
  const base = { type: "string", pattern: "\\.(ya?ml|json)$" };
  const bases = {
    description: "Config files that this one starts from, relative to it; later ones win, and this one wins over all.",
    anyOf: [base, { type: "array", items: base }],
  };
  const sizes = {
    description: "By name, such as smoke, small and full, what that size lays over the rest; options as in a config.",
    type: "object",
    additionalProperties: { type: "object" },
  };
  const size = { description: "Which of sizes is taken; small where none is named.", type: "string" };
  const { properties, $defs, ...rest } = schema;
  const { $schema: _, ...sweep } = relaxed(z.toJSONSchema(sweepOptions, { target: "draft-2020-12", io: "input" })) as JsonSchema;
  return {
    ...rest,
    title: "hemosynth experiment",
    properties: { extends: bases, ...(properties as JsonSchema), size, sizes, sweep },
    $defs, // what recurs; each has its name where it is declared, by .meta({ id })
  };
}

function relaxed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relaxed);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).flatMap(([key, value]): [string, unknown][] => {
    if (key === "required" && Array.isArray(value)) return [];
    if (key === "oneOf") return [["anyOf", relaxed(value)]]; // without required keys, two members may both fit
    return [[key, relaxed(value)]];
  });
  return Object.fromEntries(entries);
}
