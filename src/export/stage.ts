import { join } from "node:path";
import { recordForward } from "../backend/forward.ts";
import { type Tensor, type Tensor4D, tf } from "../backend/tf.ts";
import type { StageContext, StageResult } from "../core/context.ts";
import { UserError } from "../core/errors.ts";
import { seededRng } from "../core/rng.ts";
import { assertApart, assertEmpty } from "../data/apart.ts";
import { writeAtomic } from "../data/files.ts";
import { type ModelFolder, readModelFolder } from "../data/model-folder.ts";
import { encodeSafetensors } from "../data/safetensors.ts";
import { packageVersion } from "../data/version.ts";
import { buildModel, imagesOfSet, isPretextOutput, type Model, modelOptions, modelTells, setWeights } from "../models/index.ts";
import { describeModel, type ModelCard, type Thresholds } from "./card.ts";
import { encodeOnnx } from "./onnx.ts";
import { toFirst } from "./onnx-graph.ts";
import type { ModelFormat } from "./options.ts";
import { examples, readmeOf } from "./readme.ts";
import { encodeTfjs } from "./tfjs.ts";

/** What {@link runModelExport} needs. */
export interface ModelExport {
  /** Folder that training wrote, or the run folder above it. */
  readonly model: string;
  /** Folder to fill; must be empty. */
  readonly out: string;
  readonly format: ModelFormat;
  /** What the model's own evaluation chose; null where it was not evaluated. */
  readonly thresholds: Thresholds | null;
}

/** A network that gives its logits under the name of the export's output. */
interface Exported {
  readonly model: Model;
  /** Images that it takes together; null where each stands by itself. */
  readonly setOf: number | null;
  apply(x: Tensor4D): { logits: Tensor };
}

/**
 * Writes a trained model for other programs: the model, card.json (what goes in, what comes out), an input with its output to check by, an example
 * that runs, and README.txt, last. The backend must be cpu or wasm.
 *
 * @throws {UserError} (data) If the model cannot be read; (usage) if `out` is not empty or not apart from the model, or a detector is asked for as a graph.
 */
export async function runModelExport(
  { model, out, format, thresholds }: ModelExport,
  { reporter }: StageContext,
): Promise<StageResult> {
  await assertApart(model, out);
  await assertEmpty(out);
  const folder = await readModelFolder(model);
  const network = buildNetwork(folder, format);
  try {
    const { setOf } = network;
    const { sizeMultiple } = network.model;
    const card = describeModel(folder.file, { format, sizeMultiple, setOf, version: packageVersion() }, thresholds);
    reporter.progress("export", 0, 1);
    const files = [
      ...encodeModel(network, folder, format, card),
      { path: "card.json", content: `${JSON.stringify(card, null, 2)}\n` },
      { path: "check.json", content: `${JSON.stringify(checkOf(network, folder, format === "onnx"))}\n` },
      examples[format],
      { path: "README.txt", content: readmeOf(card, format) },
    ];
    for (const { path, content } of files) await writeAtomic(join(out, path), content);
    reporter.progress("export", 1, 1);
    const { kind } = network.model;
    return { headline: `${kind} as ${format}`, summary: { format, kind, files: files.map(({ path }) => path) } };
  } finally {
    network.model.dispose();
  }
}

function buildNetwork({ file, weights, where }: ModelFolder, format: ModelFormat): Exported {
  const options = modelOptions.safeParse(file.model);
  if (!options.success)
    throw new UserError(
      "data",
      `${where}: must be a model that this version builds; got ${String(file.model.kind)}. Train one with this version.`,
    );
  if (isPretextOutput(file.outputs))
    throw new UserError(
      "data",
      `${where}: must be a model that tells something of an image; got one that was only pretrained. Its weights are this file itself.`,
    );
  const tells = modelTells(options.data);
  const [, told] = [["bags", "tells of bags"], ["sets", "tells of sets of crops"], ["boxes", "gives boxes"]].find(([of]) => of === tells) ?? []; // biome-ignore format: a table
  if (told !== undefined && format !== "safetensors")
    throw new UserError(
      "usage",
      `--format must be safetensors for a ${options.data.kind}, which ${told}; got ${format}. A program of your own can write them, see docs/export.md.`,
    );
  const model = buildModel(options.data, { inChannels: file.inChannels, outChannels: file.outputs.length, seed: file.seed });
  setWeights(model, weights, where);
  const isVector = tells === "slices" || tells === "bags" || tells === "sets";
  return {
    model,
    setOf: imagesOfSet(options.data),
    apply(x) {
      const logits = model.apply(x, { training: false });
      return { logits: isVector ? tf.reshape(logits, [logits.shape[0]!, file.outputs.length]) : logits };
    },
  };
}

function encodeModel({ model, apply }: Exported, { file, weights }: ModelFolder, format: ModelFormat, card: ModelCard) {
  const version = packageVersion();
  const facts = { hemosynth: version, card: JSON.stringify(card) };
  if (format === "safetensors")
    return [
      { path: "model.safetensors", content: encodeSafetensors(weights, { format: "hemosynth", kind: model.kind, ...facts }) },
    ];
  const forward = recordForward(apply, { channels: file.inChannels, multiple: model.sizeMultiple, fixed: null }, model.weights);
  if (format === "tfjs") return encodeTfjs(forward, `hemosynth ${version}`, card);
  return [{ path: "model.onnx", content: encodeOnnx(forward, { name: "hemosynth", version }, facts) }];
}

/** An input of noise and what the network gives for it, two pictures or two sets of them, in the layout of the export. */
function checkOf({ model, setOf, apply }: Exported, { file }: ModelFolder, channelsFirst: boolean) {
  const unit = model.sizeMultiple * Math.ceil(16 / model.sizeMultiple);
  const shape: [number, number, number, number] = [2 * (setOf ?? 1), 2 * unit, 3 * unit, file.inChannels];
  const rng = seededRng(file.seed).fork("check");
  return tf.tidy(() => {
    const image = tf.tensor4d(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.uniform()),
      shape,
    );
    return { input: plain(image, channelsFirst), output: plain(apply(image).logits, channelsFirst) };
  });
}

function plain(tensor: Tensor, channelsFirst: boolean): { shape: number[]; data: number[] } {
  const turned = channelsFirst && tensor.rank === 4 ? tf.transpose(tensor, [...toFirst]) : tensor;
  return { shape: turned.shape, data: Array.from(turned.dataSync(), (value) => Number(value.toPrecision(9))) };
}
