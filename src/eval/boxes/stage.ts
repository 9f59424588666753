import { join } from "node:path";
import { type StageContext, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { readBytes, readText, writeAtomic } from "../../data/files.ts";
import { listFiles } from "../../data/ingest/walk.ts";
import { decodeUtf8 } from "../../data/text.ts";
import { documentLatex, documentMarkdown } from "../tables/document.ts";
import { refuseReplacing } from "../tables/folder.ts";
import { headOf } from "../tables/head.ts";
import { type Detections, parseDetections, parseReference, type Reference } from "./coco.ts";
import { boxesCsv, boxesDocument } from "./format.ts";
import { type ComparedDetections, measureBoxes } from "./measure.ts";
import type { BoxesOptions } from "./options.ts";
import { boxesPage } from "./page.ts";
import { type Grouping, groupByCases, groupByKey } from "./patients.ts";
import type { BoxesResults } from "./results.ts";
import { type LabelFile, parseYoloLabels } from "./yolo.ts";

/** What {@link runBoxes} needs. */
export interface BoxesRequest {
  /** COCO results, or a folder of text files as YOLOv5 and Ultralytics write them. */
  readonly detections: string;
  /** COCO instances. */
  readonly reference: string;
  /** CSV that names the patient of each picture; null where the reference does, or nothing. */
  readonly cases: string | null;
  /** Results of other models for the same pictures. */
  readonly compare: readonly string[];
  /** Folder for the tables; null for none. */
  readonly out: string | null;
  readonly options: BoxesOptions;
}

/** The files of `out`, metrics.json written last. */
const written: Readonly<Record<string, (results: BoxesResults) => string>> = {
  "metrics.csv": boxesCsv,
  "metrics.md": (results) => documentMarkdown(boxesDocument(results)),
  "metrics.tex": (results) => documentLatex(boxesDocument(results)),
  "report.html": boxesPage,
  "metrics.json": (results) => `${canonicalJson(results, 2)}\n`,
};

/** Their names. */
export const boxesFiles: readonly string[] = Object.keys(written);

/**
 * Evaluates the boxes of any detector and writes the tables.
 *
 * @throws {UserError} (data) If a file cannot be read, or is not what {@link parseReference}, {@link parseDetections} and {@link groupByCases} ask for; (usage) if
 *   a table would replace a file that is read.
 * @throws {StoppedError} When asked to stop; then nothing is written.
 */
export async function runBoxes(request: BoxesRequest, { signal }: Pick<StageContext, "signal">): Promise<BoxesResults> {
  const { out, options } = request;
  const tables = request.cases === null ? [] : [request.cases];
  refuseReplacing(out, boxesFiles, [request.detections, request.reference, ...tables, ...request.compare]);
  const referenceBytes = await readBytes(request.reference);
  const reference = parseReference(decodeUtf8(referenceBytes, request.reference), request.reference);
  const read = (path: string) => readDetections(path, reference);
  const { detections, sha256: hash } = await read(request.detections);
  const { grouping, cases } = await readPatients(reference, request);
  const others: ComparedDetections[] = [];
  for (const file of request.compare) others.push(await read(file));
  throwIfStopped(signal);
  const rng = seededRng(options.seed).fork("metrics").fork("evaluated");
  const results: BoxesResults = {
    ...headOf("boxes", options),
    detections: { file: detections.file, sha256: hash, boxes: detections.found.score.length },
    reference: { file: reference.file, sha256: sha256(referenceBytes), ...countReference(reference, grouping) },
    cases,
    cluster: grouping.by,
    columns: grouping.columns,
    classes: countClasses(reference, detections),
    ...measureBoxes(reference, detections, grouping, others, options, rng),
  };
  throwIfStopped(signal);
  if (out !== null) for (const [name, format] of Object.entries(written)) await writeAtomic(join(out, name), format(results));
  return results;
}

async function readDetections(path: string, reference: Reference): Promise<ComparedDetections> {
  if (/\.json$/i.test(path)) {
    const bytes = await readBytes(path);
    return { detections: parseDetections(decodeUtf8(bytes, path), path, reference), sha256: sha256(bytes) };
  }
  const listed = await listFiles(path);
  if (listed.unreadable.length > 0)
    throw new UserError("data", `${path}: every file must be readable; got ${listed.unreadable[0]}. Mend its permissions or take it away.`); // biome-ignore format: one line
  const names = listed.files.filter((name) => name.endsWith(".txt"));
  const files: LabelFile[] = [];
  for (const name of names.sort()) files.push({ path: name, text: await readText(join(path, name), "check the path") });
  return { detections: parseYoloLabels(files, path, reference), sha256: sha256(JSON.stringify(files)) };
}

async function readPatients(
  reference: Reference,
  { cases, options: { id, cluster } }: BoxesRequest,
): Promise<{ grouping: Grouping; cases: BoxesResults["cases"] }> {
  if (cases === null) return { grouping: groupByKey(reference, cluster), cases };
  const bytes = await readBytes(cases);
  return {
    grouping: groupByCases(reference, decodeUtf8(bytes, cases), cases, { id, cluster }),
    cases: { file: cases, sha256: sha256(bytes) },
  };
}

function countReference({ images, truth }: Reference, { clusters }: Grouping) {
  const crowds = truth.crowd.reduce((sum, crowd) => sum + crowd, 0);
  return { images: images.length, objects: truth.crowd.length - crowds, crowds, clusters: new Set(clusters).size };
}

function countClasses({ classes, truth }: Reference, { found }: Detections): BoxesResults["classes"] {
  const [objects, boxes] = [classes.map(() => 0), classes.map(() => 0)];
  for (const [at, label] of truth.label.entries()) if (truth.crowd[at] === 0) objects[label]!++;
  for (const label of found.label) boxes[label]!++;
  return classes.map(({ id, name }, label) => ({ id, name, objects: objects[label]!, boxes: boxes[label]! }));
}
