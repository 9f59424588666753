import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type StageContext, type StageResult, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { many } from "../../core/words.ts";
import { assertApart } from "../../data/apart.ts";
import { type Dataset, readDataset } from "../../data/dataset.ts";
import { dataFault } from "../../data/faults.ts";
import { packageVersion } from "../../data/version.ts";
import { sidecarPath, voxelHashes, writeScene } from "../folder.ts";
import type { NormalCase } from "../normal/case.ts";
import { loadNeeded } from "../normal/load.ts";
import { readSidecar, type Sidecar } from "../sidecar.ts";
import { type PaintedStack, replayStack } from "../stacks.ts";

/** What {@link runReplay} needs. */
export interface ReplayRun {
  /** Sidecars of the stacks to make again. */
  readonly sidecars: readonly string[];
  /** Folder of the dataset of normal cases that they were made from. */
  readonly data: string;
  /** Folder to write to; files go under `images/`, named as they were. */
  readonly out: string;
  /** Whether stacks that are there already may be replaced. */
  readonly replace?: boolean;
}

/**
 * Makes stacks again from their sidecars: the same voxels of image and masks, or an error; nothing is drawn.
 *
 * @throws {UserError} (data) If a sidecar cannot be read, or its source is not there or has another content; (numeric) if the
 *   voxels come out different, as another version of hemosynth may paint them; (usage) if a stack is there already.
 */
export async function runReplay(
  { sidecars, data, out, replace = false }: ReplayRun,
  context: StageContext,
): Promise<StageResult> {
  await assertApart(data, out);
  const dataset = await readDataset(data);
  for (const [done, file] of sidecars.entries()) {
    throwIfStopped(context.signal);
    context.reporter.progress("replay", done, sidecars.length);
    const sidecar = await readSidecar(file);
    if (!replace) await refuseExisting(join(out, sidecarPath(sidecar.id)));
    const source = sourceOf(sidecar, file, dataset, data);
    const stack = repaintStack(await loadNeeded(source), sidecar, file);
    await writeScene(out, source.case, [{ stack, sidecar }]);
  }
  context.reporter.progress("replay", sidecars.length, sidecars.length);
  return { headline: `${many(sidecars.length, "stack")} made again, to the byte`, summary: { stacks: sidecars.length } };
}

async function refuseExisting(file: string): Promise<void> {
  if ((await stat(file).catch(() => null)) === null) return;
  throw new UserError(
    "usage",
    `${file}: a replay replaces nothing; got a stack that is there. Choose another --out, or pass --exist-ok.`,
  );
}

/** The normal case of a sidecar. @throws {UserError} (data) If the dataset does not have it as it was. */
function sourceOf({ source }: Sidecar, file: string, { cases, root, labelScheme }: Dataset, data: string) {
  const found = cases.find((c) => c.id === source.id);
  const index = join(data, "dataset.json");
  if (!found || found.labels === null || labelScheme === null)
    throw dataFault(
      index,
      `${source.id} is needed, with labels, to replay ${file}`,
      "none",
      "Name the dataset that it was made from",
    );
  for (const part of ["image", "labels"] as const) {
    if (found[part]!.sha256 === source[part]) continue;
    const rule = `the ${part} of ${source.id} must have the content that ${file} was made from, SHA-256 ${source[part]}`;
    throw dataFault(index, rule, found[part]!.sha256, "Name the dataset that it was made from");
  }
  return { root: join(data, root), case: found, scheme: labelScheme };
}

function repaintStack(normal: NormalCase, sidecar: Sidecar, file: string): PaintedStack {
  const stack = replayStack(normal, sidecar.draw, "tissue" in sidecar.voxels);
  const hashes = voxelHashes(stack);
  const other = Object.keys(sidecar.voxels).find((part) => hashes[part] !== sidecar.voxels[part]);
  if (other === undefined) return stack;
  const rule = `${file}: a replay must give the voxels that were written; got another ${other}`;
  const [then, now] = [sidecar.hemosynth, packageVersion()];
  const wayOut = then === now ? `this version, ${now}: take the sidecar as it was written` : `hemosynth ${then}; this is ${now}: use that version`; // biome-ignore format: one line
  throw new UserError("numeric", `${rule}. It was made by ${wayOut}.`);
}
