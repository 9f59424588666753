import { existsSync } from "node:fs";
import { UserError } from "../../core/errors.ts";
import { writeAtomic } from "../../data/files.ts";
import { readRegularFile } from "../../data/regular-file.ts";
import { decodeSafetensors, encodeSafetensors, lazyFloats, type Safetensors } from "../../data/safetensors.ts";
import type { ResNetKind, TorchTensor, WeightArray, YoloKind } from "../../models/index.ts";
import type { Outcome } from "../session.ts";

/** `hemosynth import-weights FILE`: a state dict of torchvision, timm or YOLOv5 in our layout. */
export async function importWeights(file: string, options: { model: ResNetKind | YoloKind; out: string }): Promise<Outcome> {
  const { model, out } = options;
  if (existsSync(out)) throw new UserError("usage", `--out: must not be there yet; got ${out}. Name another file or delete it.`);
  const torch = lazyFloats(decode(await readRegularFile(file), file, model), file);
  const { weights, facts } = await weightsOf(torch, model, file);
  await writeAtomic(out, encodeSafetensors(weights, { format: "hemosynth", kind: model, ...facts }));
  const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    text: `${model}: ${weights.size} tensors, ${values} values\nin ${out}`,
    json: { schemaVersion: 1, command: "import-weights", model, out, tensors: weights.size, values },
  };
}

/** The file's tensors. A YOLOv5's own file is a pickle of more than weights, so that the usual way out does not open it. */
function decode(bytes: Uint8Array, file: string, model: ResNetKind | YoloKind): Safetensors {
  try {
    return decodeSafetensors(bytes, file);
  } catch (error) {
    if (!(error instanceof UserError && error.message.includes("pickle") && model.startsWith("yolo"))) throw error;
    const way = `safetensors.torch.save_file(torch.load("in.pt", weights_only=False)["model"].float().state_dict(), "out.safetensors")`;
    throw new UserError(
      "data",
      `${error.message} A file that YOLOv5 saved holds the model itself; where YOLOv5 is installed and the file is trusted: ${way}.`,
    );
  }
}

/** The weights in our layout, and what else building the model takes, for the file's metadata. */
async function weightsOf(
  tensors: ReadonlyMap<string, TorchTensor>,
  model: ResNetKind | YoloKind,
  file: string,
): Promise<{ weights: Map<string, WeightArray>; facts: Record<string, string> }> {
  const { importResNet, importYolo, resnetOptions } = await import("../../models/index.ts");
  if (model === "yolov5n" || model === "yolov5s") {
    const { weights, classes, anchors } = importYolo(tensors, model, file);
    return { weights, facts: { classes: String(classes), anchors: JSON.stringify(anchors) } };
  }
  return { weights: importResNet(tensors, resnetOptions.parse({ kind: model }), file), facts: {} };
}
