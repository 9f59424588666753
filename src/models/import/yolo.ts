import type { WeightArray } from "../model.ts";
import { type AnchorSize, headModule, type YoloKind, yoloSizes, yoloStrides } from "../yolo/design.ts";
import { yoloWeights } from "../yolo/network.ts";
import { type FileTensor, importStateDict, notTheWeights, readTensor } from "./state-dict.ts";

/** A YOLOv5 from a state dict: its weights in the layout of {@link buildYolo}, and what the file says of its shape. */
export interface ImportedYolo {
  readonly weights: Map<string, WeightArray>;
  readonly inChannels: number;
  readonly classes: number;
  /** Pixels, for each stride. */
  readonly anchors: AnchorSize[][];
}

const anchorName = `model.${headModule}.anchors`;

/**
 * The weights of a YOLOv5 n or s, versions 6 and 7, from the state dict of its detection model (`model.0.conv.weight` ...). Channels and classes are those of
 * the file; anchors, which it holds in cells, become pixels.
 *
 * @param size - Depth and width, as {@link yoloSizes} has them.
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If a tensor is missing, superfluous, of another shape or not finite, or an anchor is not above 0.
 */
export function importYolo(
  tensors: ReadonlyMap<string, FileTensor>,
  kind: YoloKind,
  where: string,
  size: { readonly depth: number; readonly width: number } = yoloSizes[kind],
): ImportedYolo {
  const outputs = tensors.get(`model.${headModule}.m.0.weight`)?.shape[0] ?? 255;
  const [inChannels, classes] = [tensors.get("model.0.conv.weight")?.shape[1] ?? 3, outputs / 3 - 5];
  if (!Number.isInteger(classes) || classes < 1)
    throw notTheWeights(where, kind, "the head has 3 (5 + classes) outputs", `${outputs}`);
  const specs = yoloWeights(size, { inChannels, outChannels: classes });
  const weights = importStateDict(tensors, { kind, specs, others: [anchorName] }, where);
  const cells = readTensor(tensors.get(anchorName)!, anchorName, [3, 3, 2], kind, where);
  const low = cells.find((side) => !(side > 0));
  if (low !== undefined) throw notTheWeights(where, kind, "anchors are above 0", `${low}`);
  const anchors = yoloStrides.map((stride, level) =>
    [0, 1, 2].map((i): AnchorSize => [stride * cells[6 * level + 2 * i]!, stride * cells[6 * level + 2 * i + 1]!]),
  );
  return { weights, inChannels, classes, anchors };
}
