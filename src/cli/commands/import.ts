import { existsSync } from "node:fs";
import { UserError } from "../../core/errors.ts";
import { writeAtomic } from "../../data/files.ts";
import { readRegularFile } from "../../data/regular-file.ts";
import { decodeSafetensors, encodeSafetensors, floatsOf } from "../../data/safetensors.ts";
import type { ResNetKind } from "../../models/index.ts";
import type { Outcome } from "../session.ts";

/** `hemosynth import-weights FILE`: a state dict of torchvision or timm in our layout. */
export async function importWeights(file: string, options: { model: ResNetKind; out: string }): Promise<Outcome> {
  const { model, out } = options;
  if (existsSync(out)) throw new UserError("usage", `--out: must not be there yet; got ${out}. Name another file or delete it.`);
  const { importResNet, resnetOptions } = await import("../../models/index.ts");
  const { tensors } = decodeSafetensors(await readRegularFile(file), file);
  const torch = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, read: () => floatsOf(t, name, file) }]));
  const weights = importResNet(torch, resnetOptions.parse({ kind: model }), file);
  await writeAtomic(out, encodeSafetensors(weights, { format: "hemosynth", kind: model }));
  const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    text: `${model}: ${weights.size} tensors, ${values} values\nin ${out}`,
    json: { schemaVersion: 1, command: "import-weights", model, out, tensors: weights.size, values },
  };
}
