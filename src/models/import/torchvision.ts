import type { WeightArray } from "../model.ts";
import { type ResNetOptions, resnetWeights } from "../resnet.ts";
import { type FileTensor, importStateDict } from "./state-dict.ts";

/**
 * The weights of a ResNet from a state dict of torchvision or timm, in the layout of {@link buildResNet}. Channels and classes are those of the file;
 * `num_batches_tracked`, which only PyTorch counts, is left out.
 *
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If a tensor is missing, superfluous, of another shape or not finite.
 */
export function importResNet(
  tensors: ReadonlyMap<string, FileTensor>,
  options: ResNetOptions,
  where: string,
): Map<string, WeightArray> {
  const shape = {
    inChannels: tensors.get("conv1.weight")?.shape[1] ?? 3,
    outChannels: tensors.get("fc.weight")?.shape[0] ?? 1000,
  };
  return importStateDict(tensors, { kind: options.kind, specs: resnetWeights(options, shape) }, where);
}
