import type { Plane } from "../../core/volume.ts";
import { sidecarOf, stacksOf } from "../copy.ts";
import type { NormalCase } from "../normal/case.ts";
import { type CaseSource, loadNeeded } from "../normal/load.ts";
import type { SynthOptions } from "../options.ts";
import type { Sidecar } from "../sidecar.ts";
import { UnfitError } from "../unfit.ts";
import { type Tile, tileOf } from "./tile.ts";

/** Some copies of one case to look at, each in one plane. */
export interface PreviewJob extends CaseSource {
  readonly options: SynthOptions;
  readonly seed: number;
  readonly copies: readonly { readonly copy: number; readonly plane: Plane }[];
}

/** What the page shows and counts of one scene. */
export interface PreviewScene {
  readonly sidecar: Sidecar;
  readonly tile: Tile;
}

export interface PreviewAnswer {
  /** In the order of the job's copies; null where no bleed fitted. */
  readonly scenes: readonly (PreviewScene | null)[];
  /** Of the case: what plans and contrasts depend on. */
  readonly weeks: number;
  readonly room: NormalCase["room"];
  readonly darkTissue: number;
}

/** Paints copies of one case as the synth stage would, to the byte, and makes pictures of them; writes nothing. */
export default async function preview(job: PreviewJob): Promise<PreviewAnswer> {
  const normal = await loadNeeded(job);
  const scenes: (PreviewScene | null)[] = [];
  for (const { copy, plane } of job.copies) scenes.push(await sceneOf(job, normal, copy, plane));
  return { scenes, weeks: normal.age.weeks, room: normal.room, darkTissue: normal.signals.darkTissue };
}

async function sceneOf(job: PreviewJob, normal: NormalCase, copy: number, plane: Plane): Promise<PreviewScene | null> {
  try {
    const stack = stacksOf({ ...job, options: { ...job.options, planes: [plane] } }, copy, normal)[0]!;
    return { sidecar: sidecarOf(job, normal, stack, copy), tile: await tileOf(stack) };
  } catch (error) {
    if (error instanceof UnfitError) return null;
    throw error;
  }
}
