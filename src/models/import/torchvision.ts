import { UserError } from "../../core/errors.ts";
import type { WeightArray } from "../model.ts";
import { type ResNetOptions, resnetWeights } from "../resnet.ts";

/** A tensor of a PyTorch state dict, read when it is needed. */
export interface TorchTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  read(): Float32Array;
}

/**
 * The weights of a ResNet from a state dict of torchvision or timm, in the layout of {@link buildResNet}. Channels and classes are those of the file;
 * `num_batches_tracked`, which only PyTorch counts, is left out.
 *
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If a tensor is missing, superfluous, of another shape or not finite.
 */
export function importResNet(
  tensors: ReadonlyMap<string, TorchTensor>,
  options: ResNetOptions,
  where: string,
): Map<string, WeightArray> {
  const wrong = (rule: string, got: string) =>
    new UserError(
      "data",
      `${where}: not the weights of a ${options.kind}: ${rule}; got ${got}. Name the model that they are of.`,
    );
  const shape = {
    inChannels: tensors.get("conv1.weight")?.shape[1] ?? 3,
    outChannels: tensors.get("fc.weight")?.shape[0] ?? 1000,
  };
  const specs = resnetWeights(options, shape);
  const names = new Set(specs.map(({ name }) => name));
  const missing = specs.find(({ name }) => !tensors.has(name));
  if (missing !== undefined) throw wrong(`needs ${missing.name}`, "none");
  const extra = [...tensors.keys()].find((name) => !names.has(name) && !name.endsWith(".num_batches_tracked"));
  if (extra !== undefined) throw wrong("every tensor belongs to a layer", `${extra} as well`);
  const weights = new Map<string, WeightArray>();
  for (const { name, shape: wanted } of specs) {
    const tensor = tensors.get(name)!;
    if (torchShape(wanted).join() !== tensor.shape.join())
      throw wrong(`${name} has shape [${torchShape(wanted).join(", ")}]`, `[${tensor.shape.join(", ")}]`);
    const data = tensor.read();
    const broken = data.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0)
      throw new UserError("data", `${where}: weights must be finite; got ${data[broken]} in ${name}. Restore the file.`);
    weights.set(name, fromTorch({ shape: tensor.shape, data }));
  }
  return weights;
}

/** The shape that PyTorch gives a weight of ours: HWIO → OIHW, in x out → out x in. */
function torchShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return shape.length === 2 ? [shape[1]!, shape[0]!] : shape;
}

/** A kernel or matrix in our layout: OIHW → HWIO, out x in → in x out. All else stays. */
export function fromTorch({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4 && shape.length !== 2) return { shape, data };
  const [outer, inner, height = 1, width = 1] = shape as [number, number, number?, number?];
  const taps = height * width;
  const out = new Float32Array(data.length);
  let at = 0;
  for (let tap = 0; tap < taps; tap++)
    for (let i = 0; i < inner; i++) for (let o = 0; o < outer; o++) out[at++] = data[(o * inner + i) * taps + tap]!;
  return { shape: shape.length === 4 ? [height, width, inner, outer] : [inner, outer], data: out };
}
