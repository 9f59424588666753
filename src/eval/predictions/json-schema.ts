import { z } from "zod";
import { metricsSchema } from "./results.ts";
import { classMetricsSchema } from "./several/results.ts";

/** The content of `metrics.json`. */
export const metricsFileSchema = z.discriminatedUnion("kind", [metricsSchema, classMetricsSchema]);
export type MetricsFile = z.output<typeof metricsFileSchema>;

/** JSON Schema (draft 2020-12) of `metrics.json`. */
export function metricsJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(metricsFileSchema, { target: "draft-2020-12", reused: "ref" }), title: "hemosynth metrics" };
}
