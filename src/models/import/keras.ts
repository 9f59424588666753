import { normEpsilon } from "../layers/norm.ts";
import type { WeightArray } from "../model.ts";
import { type ResNetOptions, resnetWeights } from "../resnet.ts";
import { type FileTensor, notTheWeights, readTensor } from "./state-dict.ts";

/** What Keras' ResNets add to a variance before its root is taken. */
const kerasEpsilon = 1.001e-5;

/**
 * The weights of a ResNet-50 from a model of keras.applications that was saved as H5, in the layout of {@link buildResNet} with `strideIn: 1x1`, which is where
 * Keras' has it. What Keras' has besides goes into the running statistics, and logits stay what they are: the bias of a convolution is taken off the mean after it,
 * the difference of the two epsilons is added to the variance. Logits are those before the softmax.
 *
 * @param tensors - By path in the file: `model_weights/conv1_conv/conv1_conv/kernel`, or without `model_weights/` and with `:0` at the end.
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If a tensor is missing, superfluous, of another shape or not finite.
 *
 * Source: keras/src/applications/resnet.py.
 */
export function importKerasResNet(
  tensors: ReadonlyMap<string, FileTensor>,
  options: ResNetOptions,
  where: string,
): Map<string, WeightArray> {
  const { kind } = options;
  const byName = new Map([...tensors].flatMap(([path, tensor]) => variableName(path).map((name) => [name, tensor] as const)));
  const [channels, classes] = [
    byName.get("conv1_conv/kernel")?.shape[2] ?? 3,
    byName.get("predictions/kernel")?.shape[1] ?? 1000,
  ];
  const specs = resnetWeights(options, { inChannels: channels, outChannels: classes });
  const used = new Set<string>();
  const read = (name: string, shape: readonly number[]): Float32Array => {
    const tensor = byName.get(name);
    if (tensor === undefined) throw notTheWeights(where, `${kind} of keras.applications`, `needs ${name}`, "none");
    used.add(name);
    return readTensor(tensor, name, shape, kind, where);
  };
  const weights = new Map<string, WeightArray>();
  for (const { name, shape } of specs) weights.set(name, { shape, data: weightFrom(name, (variable) => read(variable, shape)) });
  const extra = [...byName.keys()].find((name) => !used.has(name));
  if (extra !== undefined) throw notTheWeights(where, kind, "every tensor belongs to a layer", `${extra} as well`);
  return weights;
}

/** `layer/variable` of a path; none for what an optimizer remembers. */
function variableName(path: string): string[] {
  const parts = path.replace(/^model_weights\//, "").split("/");
  return parts[0] === "optimizer_weights" ? [] : [`${parts[0]}/${parts.at(-1)!.replace(/:0$/, "")}`];
}

/** A weight by our name, made of Keras' variables. */
function weightFrom(name: string, read: (variable: string) => Float32Array): Float32Array {
  const layer = name.slice(0, name.lastIndexOf("."));
  if (layer === "fc") return read(name === "fc.weight" ? "predictions/kernel" : "predictions/bias");
  const conv = kerasConv(layer);
  const norm = conv.replace(/conv$/, "bn");
  switch (name.slice(layer.length + 1)) {
    case "running_mean": {
      const bias = read(`${conv}/bias`);
      return read(`${norm}/moving_mean`).map((mean, i) => mean - bias[i]!);
    }
    case "running_var":
      return read(`${norm}/moving_variance`).map((variance) => variance + (kerasEpsilon - normEpsilon));
    case "bias":
      return read(`${norm}/beta`);
    default:
      return read(isNorm(layer) ? `${norm}/gamma` : `${conv}/kernel`);
  }
}

/** Whether a layer of ours is a normalisation: `bn1`, `layer1.0.bn2`, `layer1.0.downsample.1`. */
function isNorm(layer: string): boolean {
  return /(^|\.)bn\d$|downsample\.1$/.test(layer);
}

/** Keras' name of a convolution of ours, or of the one before a normalisation of ours. */
function kerasConv(layer: string): string {
  const found = /^layer(\d)\.(\d)\.(?:(?:conv|bn)(\d)|downsample\.\d)$/.exec(layer);
  if (found === null) return "conv1_conv";
  const [, stage, block, place = "0"] = found;
  return `conv${Number(stage) + 1}_block${Number(block) + 1}_${place}_conv`;
}
