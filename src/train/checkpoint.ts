import { z } from "zod";
import { tf } from "../backend/tf.ts";
import { firstDifference } from "../core/difference.ts";
import { UserError } from "../core/errors.ts";
import { canonicalJson } from "../core/hash.ts";
import { parseJson } from "../data/dataset.ts";
import { checkpointPrefix } from "../data/model-folder.ts";
import { allFloats, decodeSafetensors, encodeSafetensors, type FloatTensor } from "../data/safetensors.ts";
import { readWeights, setWeights } from "../models/index.ts";
import type { Progress } from "./run.ts";
import { fillFromModel, stateVectors, type TrainState } from "./state.ts";

/** What must be the same for a training to be resumed: options, seed and data, plain JSON. */
export type Fingerprint = Readonly<Record<string, unknown>>;

const figure = z.number().nullable();
const progressSchema = z.strictObject({
  step: z.int().min(0),
  lossSum: z.number(),
  lossCount: z.int().min(0),
  kept: z.array(
    z.strictObject({
      step: z.int(),
      trainLoss: z.number(),
      learningRate: z.number(),
      loss: z.number(),
      dice: figure,
      auroc: figure,
      map50: figure.default(null),
      brainDice: figure,
    }),
  ),
});
const headerSchema = z.object({
  schemaVersion: z.literal(1),
  backend: z.string(),
  progress: progressSchema,
  fingerprint: z.record(z.string(), z.unknown()),
});

/**
 * A checkpoint as safetensors: the weights by name, the optimizer's and averages' vectors, and everything else as metadata.
 * @throws {UserError} (numeric) If a value is not finite: such a checkpoint would only spread the damage.
 */
export async function encodeCheckpoint(state: TrainState, progress: Progress, fingerprint: Fingerprint): Promise<Uint8Array> {
  const tensors = new Map<string, FloatTensor>(await readWeights(state.model));
  for (const [name, vector] of stateVectors(state)) {
    if (name === "parameters" || name === "statistics") continue; // the weights themselves
    const data = (await vector.data()) as Float32Array;
    tensors.set(checkpointPrefix + name, { shape: [data.length], data });
  }
  for (const [name, { data }] of tensors) {
    if (!data.every(Number.isFinite))
      throw new UserError(
        "numeric",
        `train: ${name} must be finite; it is not after step ${progress.step}. The checkpoint before is kept; lower train.optimizer.learningRate.`,
      );
  }
  const header = { schemaVersion: 1, backend: tf.getBackend(), progress, fingerprint };
  return encodeSafetensors(tensors, { hemosynth: canonicalJson(header) });
}

/**
 * Restores a checkpoint into a state made by the same options.
 *
 * @param where - Names the file in messages.
 * @param warn - Gets a line where the rest of the training may differ in the last bits.
 * @throws {UserError} (usage) If it was made by other options, another seed or other data; (data) if it is damaged.
 */
export function restoreCheckpoint(
  bytes: Uint8Array,
  where: string,
  state: TrainState,
  fingerprint: Fingerprint,
  warn: (line: string) => void,
): Progress {
  const { metadata, tensors } = decodeSafetensors(bytes, where);
  const { backend, progress } = headerOf(metadata, where, fingerprint);
  if (backend !== tf.getBackend())
    warn(`${where} was written on backend ${backend}; on ${tf.getBackend()} the last bits of what follows will differ`);
  const all = allFloats(tensors, where);
  setWeights(state.model, new Map([...all].filter(([name]) => !name.startsWith(checkpointPrefix))), where);
  fillFromModel(state);
  restoreVectors(all, where, state);
  return progress;
}

/** What a checkpoint says of itself, if this training may go on from it. */
function headerOf(metadata: ReadonlyMap<string, string>, where: string, fingerprint: Fingerprint): z.output<typeof headerSchema> {
  const text = metadata.get("hemosynth");
  if (text === undefined)
    throw new UserError(
      "data",
      `${where}: must be a checkpoint of hemosynth train; got other safetensors. Start without --resume.`,
    );
  const header = parseJson(text, where, headerSchema, "start without --resume");
  const difference = firstDifference(header.fingerprint, JSON.parse(canonicalJson(fingerprint)));
  if (difference !== null)
    throw new UserError(
      "usage",
      `${where}: a training resumes with what it began with; ${difference.path} was ${difference.was} and is now ${difference.is}. ` +
        `Set it back, or start without --resume.`,
    );
  return header;
}

/** Sets the optimizer's and averages' vectors, which must be all that a checkpoint holds beside the weights. */
function restoreVectors(all: ReadonlyMap<string, FloatTensor>, where: string, state: TrainState): void {
  const vectors = stateVectors(state);
  const stray = [...all.keys()].find(
    (name) => name.startsWith(checkpointPrefix) && !vectors.has(name.slice(checkpointPrefix.length)),
  );
  if (stray !== undefined)
    throw new UserError("data", `${where}: holds what this training has no use for; got ${stray}. Start without --resume.`);
  for (const [name, vector] of vectors) {
    if (name === "parameters" || name === "statistics") continue;
    const stored = all.get(checkpointPrefix + name);
    const isWhole = stored?.data.length === vector.size;
    const broken = stored?.data.find((value) => !Number.isFinite(value));
    if (!isWhole || broken !== undefined) {
      const got = isWhole ? `${broken} among them` : (stored?.data.length ?? "none");
      const rule = `${name} must hold ${vector.size} finite numbers`;
      throw new UserError("data", `${where}: ${rule}; got ${got}. Start without --resume.`);
    }
    tf.tidy(() => vector.assign(tf.tensor1d(stored.data)));
  }
}
