import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { tf } from "../backend/tf.ts";
import { sha256 } from "../core/hash.ts";
import { appendDurably } from "../data/append.ts";
import { fileFault, readBytes, readText, writeAtomic } from "../data/files.ts";
import { encodeSafetensors } from "../data/safetensors.ts";
import { encodeEvent, eventFileHeader, keepEvents, type ScalarEvent } from "../data/tensorboard.ts";
import { type Model, readWeights } from "../models/index.ts";
import { keepMetrics, metricsHeader, metricsLine, validationEvent } from "./metrics-file.ts";
import type { FreshScene } from "./rounds.ts";
import type { Standing, StepLoss, ValidationRow } from "./run.ts";

/** The files of a training, by name. Those in `made` are written by a training; the rest of the folder is left alone. */
export const trainFiles = {
  last: "weights/last.safetensors",
  best: "weights/best.safetensors",
  metrics: "metrics.csv",
  // One fixed name: TensorBoard wants a time in it, and the same training must give the same folder.
  events: "tb/events.out.tfevents.0.hemosynth",
  log: "log.jsonl",
  scenes: "scenes.jsonl",
  model: "model.json",
} as const;

/** Losses go to TensorBoard every this many steps. */
const eventEvery = 10;

/** Removes what an earlier training left, model.json first: from then on the folder is not a whole model. */
export async function clearFolder(out: string): Promise<void> {
  for (const name of [
    trainFiles.model,
    trainFiles.last,
    trainFiles.best,
    trainFiles.metrics,
    trainFiles.events,
    trainFiles.log,
    trainFiles.scenes,
    ...(await keptWeights(out)).map(({ name }) => name),
  ]) {
    try {
      await rm(join(out, name), { force: true });
    } catch (error) {
      throw fileFault(join(out, name), "write", error);
    }
  }
}

/** The last checkpoint of a folder, null where there is none. */
export async function readCheckpoint(out: string): Promise<Uint8Array | null> {
  const file = join(out, trainFiles.last);
  return existsSync(file) ? await readBytes(file, "start without --resume") : null;
}

/** The weights of the best validations that a folder holds, by step. */
async function keptWeights(out: string): Promise<{ name: string; step: number }[]> {
  const folder = join(out, "weights");
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.flatMap((file) => {
    const found = /^step-(\d+)\.safetensors$/.exec(file);
    return found === null ? [] : [{ name: `weights/${file}`, step: Number(found[1]) }];
  });
}

/** Name of the weights of a validation that is among the best. */
function keptName(step: number): string {
  return `weights/step-${step}.safetensors`;
}

/** Makes the metrics and events files and the weights kept what they were after `step`, whatever was written since or torn by a crash. */
export async function rewindRecords(out: string, step: number): Promise<void> {
  for (const kept of await keptWeights(out)) if (kept.step > step) await rm(join(out, kept.name), { force: true });
  const [metrics, events] = [join(out, trainFiles.metrics), join(out, trainFiles.events)];
  const text = existsSync(metrics) ? await readText(metrics, "start without --resume") : metricsHeader;
  await writeAtomic(metrics, keepMetrics(text, step));
  const scenes = join(out, trainFiles.scenes);
  if (existsSync(scenes)) await writeAtomic(scenes, keepScenes(await readText(scenes, "start without --resume"), step));
  const kept = existsSync(events) ? keepEvents(await readBytes(events, "start without --resume"), step) : new Uint8Array();
  await writeAtomic(events, kept.length > 0 ? kept : eventFileHeader());
}

/** The lines of scenes.jsonl up to a step; a line that a crash tore is of a later one. */
function keepScenes(text: string, step: number): string {
  const lines = text.split("\n").slice(0, -1);
  return lines.filter((line) => Number(/^\{"step":(\d+),/.exec(line)?.[1]) <= step).map((line) => `${line}\n`).join(""); // biome-ignore format: one line
}

/** Notes which scenes a training learns from, from a step on. */
export async function recordScenes(out: string, step: number, scenes: readonly FreshScene[]): Promise<void> {
  const lines = scenes.map((scene) => `${JSON.stringify({ step, ...scene })}\n`);
  await appendDurably(join(out, trainFiles.scenes), lines.join(""));
}

/** Adds every tenth loss to the TensorBoard events. */
export async function recordLosses(out: string, losses: readonly StepLoss[]): Promise<void> {
  const events: ScalarEvent[] = losses
    .filter(({ step }) => step % eventEvery === 0)
    .map(({ step, loss }) => ({ step, values: { "train/batch_loss": loss } }));
  if (events.length > 0) await appendDurably(join(out, trainFiles.events), Buffer.concat(events.map(encodeEvent)));
}

/** What {@link recordValidation} keeps weights of. */
export interface Validated {
  readonly model: Model;
  /** What the weights mean nothing without, for their file's metadata: the task; of a detector its anchors, of a ResNet-50 where its strides are. */
  readonly facts: Readonly<Record<string, string>>;
  /** Whether weights of more than one validation are kept. */
  readonly keepsMore: boolean;
}

/** Adds a validation to metrics.csv and the TensorBoard events, and keeps the model's present weights where they are the best. */
export async function recordValidation(
  out: string,
  row: ValidationRow,
  { best, kept, dropped }: Standing,
  { model, facts, keepsMore }: Validated,
): Promise<void> {
  const weights = kept ? await encodeBest(model, facts, row.step) : null;
  if (weights !== null && best) await writeAtomic(join(out, trainFiles.best), weights);
  if (weights !== null && keepsMore) await writeAtomic(join(out, keptName(row.step)), weights);
  if (dropped !== null) await rm(join(out, keptName(dropped)), { force: true });
  await appendDurably(join(out, trainFiles.metrics), metricsLine(row));
  await appendDurably(join(out, trainFiles.events), encodeEvent(validationEvent(row)));
}

async function encodeBest(model: Model, facts: Validated["facts"], step: number): Promise<Uint8Array> {
  return encodeSafetensors(await readWeights(model), { format: "hemosynth", kind: model.kind, step: String(step), ...facts });
}

/** Adds a line to log.jsonl, the one file that holds times. */
export async function appendLog(out: string, line: Readonly<Record<string, unknown>>): Promise<void> {
  await appendDurably(join(out, trainFiles.log), `${JSON.stringify({ ...line, backend: tf.getBackend() })}\n`);
}

/** Path and SHA-256 of the best weights, relative to the folder. */
export async function bestWeightsRef(out: string): Promise<{ path: string; sha256: string }> {
  return { path: trainFiles.best, sha256: sha256(await readBytes(join(out, trainFiles.best), "train again without --resume")) };
}
