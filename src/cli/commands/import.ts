import { existsSync } from "node:fs";
import { UserError } from "../../core/errors.ts";
import { writeAtomic } from "../../data/files.ts";
import { isH5, openH5 } from "../../data/h5.ts";
import { readRegularFile } from "../../data/regular-file.ts";
import { decodeSafetensors, encodeSafetensors, lazyFloats, type Safetensors } from "../../data/safetensors.ts";
import type { FileTensor, ResNetKind, WeightArray, YoloKind } from "../../models/index.ts";
import type { Outcome } from "../session.ts";

/** `hemosynth import-weights FILE`: a state dict of torchvision, timm or YOLOv5, or a ResNet-50 of Keras, in our layout. */
export async function importWeights(file: string, options: { model: ResNetKind | YoloKind; out: string }): Promise<Outcome> {
  const { model, out } = options;
  if (existsSync(out)) throw new UserError("usage", `--out: must not be there yet; got ${out}. Name another file or delete it.`);
  const bytes = await readRegularFile(file);
  const { weights, facts } = isH5(bytes) ? await kerasWeights(bytes, model, file) : await torchWeights(bytes, model, file);
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

/** Weights in our layout, and what else building the model takes, for the file's metadata. */
interface Imported {
  readonly weights: Map<string, WeightArray>;
  readonly facts: Record<string, string>;
}

async function kerasWeights(bytes: Uint8Array, model: ResNetKind | YoloKind, file: string): Promise<Imported> {
  if (model !== "resnet50")
    throw new UserError("data", `${file}: an H5 is read for resnet50 of keras.applications alone; got one for ${model}. Give safetensors.`); // biome-ignore format: one line
  const tensors = await openH5(bytes, file);
  if ([...tensors.keys()].some((path) => path.startsWith("layers/") || path.startsWith("_layer_checkpoint_dependencies/")))
    throw new UserError("data", `${file}: an H5 must name its layers; got one of Keras 3's save_weights, which numbers them. In Python: model.save("resnet50.h5").`); // biome-ignore format: one line
  const { importKerasResNet, resnetOptions } = await import("../../models/index.ts");
  const options = resnetOptions.parse({ kind: model, strideIn: "1x1" });
  return { weights: importKerasResNet(tensors, options, file), facts: { strideIn: options.strideIn } };
}

async function torchWeights(bytes: Uint8Array, model: ResNetKind | YoloKind, file: string): Promise<Imported> {
  const tensors: ReadonlyMap<string, FileTensor> = lazyFloats(decode(bytes, file, model), file);
  const { importResNet, importYolo, resnetOptions } = await import("../../models/index.ts");
  if (model === "yolov5n" || model === "yolov5s") {
    const { weights, classes, anchors } = importYolo(tensors, model, file);
    return { weights, facts: { classes: String(classes), anchors: JSON.stringify(anchors) } };
  }
  return { weights: importResNet(tensors, resnetOptions.parse({ kind: model }), file), facts: {} };
}
