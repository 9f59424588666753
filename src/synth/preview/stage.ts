import { join } from "node:path";
import type { StageContext, StageResult } from "../../core/context.ts";
import { canonicalJson } from "../../core/hash.ts";
import { mapReported } from "../../core/parallel.ts";
import { seededRng } from "../../core/rng.ts";
import { assertApart } from "../../data/apart.ts";
import { type Case, readDataset, readSplits } from "../../data/dataset.ts";
import { writeAtomic } from "../../data/files.ts";
import { encodePng } from "../../picture/png.ts";
import { usableCases } from "../normal/cases.ts";
import type { SynthOptions } from "../options.ts";
import { distribution } from "./distribution.ts";
import type { PreviewAnswer, PreviewJob } from "./job.ts";
import { previewPage } from "./page.ts";
import { contactSheet } from "./sheet.ts";

/** What {@link runPreview} needs. */
export interface PreviewRun {
  /** Folder of the dataset of normal cases. */
  readonly data: string;
  /** Folder for `preview.html`, `preview.png` and `preview.json`. */
  readonly out: string;
  readonly options: SynthOptions;
  readonly seed: number;
  /** Scenes to show, 1-200. */
  readonly count: number;
}

/**
 * Paints a few scenes as synthesis would, to the byte, and writes pictures of them and what was drawn beside the priors' targets: a
 * contact sheet, a page and JSON, no dataset. Scenes go over all cases before any case gets a second; planes take turns.
 *
 * @throws {UserError} (data) If the dataset cannot be used; (usage) if `out` is not apart from `data`.
 * @throws {StoppedError} If the user asks to stop.
 */
export async function runPreview({ data, out, options, seed, count }: PreviewRun, context: StageContext): Promise<StageResult> {
  await assertApart(data, out);
  const dataset = await readDataset(data);
  const cases = usableCases(dataset, await readSplits(data), data, context.reporter.warn);
  const root = join(data, dataset.root);
  const jobs = chosenCopies(cases, options, count).map(({ source, copies }): PreviewJob => {
    return { root, case: source, scheme: dataset.labelScheme!, options, seed, copies };
  });
  const answers = await mapReported<PreviewJob, PreviewAnswer>("preview", new URL("./job.ts", import.meta.url), jobs, context);
  const scenes = answers.flatMap((answer) => answer.scenes.filter((scene) => scene !== null));
  const rows = distribution(seededRng(seed).fork("preview"), options, answers);
  const title = `${dataset.name} - seed ${seed}`;
  await writeAtomic(join(out, "preview.png"), await encodePng(await contactSheet(title, scenes)));
  const drawn = scenes.map(({ sidecar }) => sidecar);
  await writeAtomic(
    join(out, "preview.json"),
    `${canonicalJson({ schemaVersion: 1, seed, distribution: rows, scenes: drawn })}\n`,
  );
  await writeAtomic(join(out, "preview.html"), previewPage({ name: dataset.name, seed, scenes, rows }));
  const outside = rows.filter(({ within }) => within === false).map(({ what }) => what);
  return {
    headline: `${scenes.length} scenes; ${outside.length === 0 ? "all within the targets" : `outside the targets: ${outside.join(", ")}`}`,
    summary: { scenes: scenes.length, outside },
  };
}

/** Which copies of which cases are shown: the first of each, then the second, and so on; cases spread over the dataset. */
function chosenCopies(cases: readonly Case[], { copies, planes }: SynthOptions, count: number) {
  const used = Math.min(cases.length, count);
  const spread = Array.from({ length: used }, (_, i) => cases[Math.floor((i * cases.length) / used)]!);
  const wanted = Math.min(count, used * copies);
  const pairs = Array.from({ length: wanted }, (_, i) => ({
    source: spread[i % used]!,
    copy: Math.floor(i / used),
    plane: planes[i % planes.length]!,
  }));
  return spread.map((source) => ({ source, copies: pairs.filter((pair) => pair.source === source) }));
}
