import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gpuModel } from "../../backend/native.ts";
import { readsFrom } from "../../config/data.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { sharedInput } from "../pointers.ts";
import { filesUnder, hashFile } from "../record.ts";
import type { StageJob, StageName } from "../stage.ts";

/** Stages that keep all they make in their folder. The `dataset.json` of others may say where images elsewhere lie, by paths from there. */
const keepsWithin: ReadonlySet<StageName> = new Set(["synth", "pretrain", "train", "predict", "eval"]);

/** Whether a stage's result may come from a cache: not where it only points to another folder, which is quicker done. */
export function isCacheable({ parts }: Pick<StageJob, "parts">): boolean {
  return !(sharedInput in parts.inputs);
}

/**
 * Name of a result in a cache: SHA-256 over the stage's key and all else that its bytes may depend on, which a run folder takes for granted: the code,
 * Node, the backend that is really used, with its version and threads, and, where a network computes, the processor and the model of the GPU.
 *
 * @param code - Of {@link codeHash}.
 * @param gpuOf - Model of the GPU; asked only where one computes.
 */
export function cacheKey(
  { experiment, parts, made, root, out, inputs }: StageJob,
  code: string,
  gpuOf: () => string = gpuModel,
): string {
  const isWithin = keepsWithin.has(parts.stage as StageName) || (parts.stage === "data" && readsFrom(experiment.data) === null);
  const places = isWithin ? [] : [relative(root, out), ...Object.values(inputs).map((folder) => relative(out, folder))];
  const processor = made.backend === null ? null : (cpus()[0]?.model ?? "");
  const gpu = made.backend?.name === "cuda" ? { gpu: gpuOf() } : {};
  return sha256(canonicalJson({ parts, made, code, places, processor, ...gpu }));
}

let known: Promise<string> | null = null;

/** SHA-256 over the code that runs, tests left out, what is embedded and the versions of the packages. */
export function codeHash(): Promise<string> {
  known ??= hashCode();
  return known;
}

async function hashCode(): Promise<string> {
  const code = fileURLToPath(new URL("../..", import.meta.url)); // src/, or dist/ of a build
  const home = fileURLToPath(new URL("../../..", import.meta.url));
  const { dependencies } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { dependencies: unknown };
  const hashes: unknown[] = [dependencies];
  for (const folder of [code, join(home, "embedded")]) {
    const files = (await filesUnder(folder)).filter((file) => !/\.(test|bench|d)\.ts$|\.map$/.test(file));
    for (const file of files) hashes.push([file, await hashFile(join(folder, file))]);
  }
  return sha256(canonicalJson(hashes));
}
