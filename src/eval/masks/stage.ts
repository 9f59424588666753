import { join } from "node:path";
import { type StageContext, throwIfStopped } from "../../core/context.ts";
import { UserError } from "../../core/errors.ts";
import { canonicalJson, sha256 } from "../../core/hash.ts";
import { seededRng } from "../../core/rng.ts";
import { dataFault } from "../../data/faults.ts";
import { readBytes, writeAtomic } from "../../data/files.ts";
import { decodeUtf8 } from "../../data/text.ts";
import { documentLatex, documentMarkdown } from "../tables/document.ts";
import { refuseReplacing } from "../tables/folder.ts";
import { headOf } from "../tables/head.ts";
import { checkPlanSize } from "../tables/plan-size.ts";
import { type CaseTable, isListed, type Membership, membersOf, parseCases } from "./cases.ts";
import type { MeasuredCase } from "./figures.ts";
import { casesCsv, formatCsv, masksDocument } from "./format.ts";
import { listPlace, loadCase, type Place } from "./load.ts";
import { type MeasuredLabel, measureMasks } from "./measure.ts";
import { type CaseFacts, measureCase } from "./measure-case.ts";
import { methodOf, notesOf } from "./notes.ts";
import type { MasksOptions } from "./options.ts";
import { masksPage } from "./page.ts";
import { type Pairing, pairFiles } from "./pair.ts";
import type { MasksResults } from "./results.ts";

/** What {@link runMasks} needs: folders or files of masks. */
export interface MasksRequest {
  readonly predictions: string;
  readonly reference: string;
  /** Predictions of the same cases by other programs. */
  readonly compare: readonly string[];
  /** CSV file that names the cases, their patients and subgroups; null for all files. */
  readonly cases: string | null;
  /** Folder for the tables; null for none. */
  readonly out: string | null;
  readonly options: MasksOptions;
}

/** The files of `out`, metrics.json written last. */
export const maskFiles = ["metrics.csv", "metrics.md", "metrics.tex", "cases.csv", "report.html", "metrics.json"] as const;

/**
 * Evaluates masks of any program and writes the tables. One case is in memory at a time.
 *
 * @throws {UserError} (data) If a file cannot be read, does not fit, or has no counterpart; (usage) if options do not go together, or a table would
 *   replace a file that is read.
 * @throws {StoppedError} When asked to stop; then nothing is written.
 */
export async function runMasks(request: MasksRequest, context: Pick<StageContext, "signal" | "reporter">): Promise<MasksResults> {
  const { options, cases: file, out } = request;
  const table = await readCases(request);
  const places = await listPlaces(request, table);
  const masks = places.flatMap(({ folder, files }) => files.map((name) => join(folder, name)));
  refuseReplacing(out, maskFiles, [...(file === null ? [] : [file]), ...masks]);
  const pairing = pairFiles(places[0]!, places.slice(1));
  const { members, by } = membersOf(pairing.cases, table, file);
  checkPlanSize(request.reference, patientsIn(members), options.resamples, "patients", "fewer cases");
  const measured = await measureCases(pairing, places, options, context);
  const labels = measured.facts.map(({ label, byPrediction }): MeasuredLabel => {
    const withMembers = (facts: readonly CaseFacts[]) =>
      facts.map((f, i): MeasuredCase => ({ id: pairing.cases[i]!.id, ...members[i]!, facts: f }));
    return { label, predictions: byPrediction.map(withMembers) };
  });
  const study = {
    slices: measured.lone,
    matchedBy: pairing.by,
    cases: members.length,
    patients: patientsIn(members),
    patientsBy: by,
    columns: table?.said ?? null,
  };
  const results = describeMasks(labels, study, pairing.passedOver, sourcesOf(places, measured), options);
  throwIfStopped(context.signal);
  if (out !== null) await write(out, results, labels);
  return results;
}

const patientsIn = (members: readonly Membership[]): number => new Set(members.map(({ patient }) => patient)).size;

/** @throws {UserError} (usage) If options do not go together; (data) if the table cannot be read. */
async function readCases({ options, cases: file }: MasksRequest): Promise<CaseTable | null> {
  if (options.threshold !== null && options.labels.length > 1)
    throw new UserError(
      "usage",
      `--label: a probability map is of one label; got ${options.labels.join(" ")}. Give one, or leave --threshold out.`,
    );
  if (file !== null) return parseCases(decodeUtf8(await readBytes(file), file), file, options.columns);
  const named = (["id", "cluster", "subgroup"] as const).find((role) => options.columns[role] !== null);
  if (named !== undefined)
    throw new UserError(
      "usage",
      `--${named}: names a column of --cases; got no --cases. Give the CSV file that names the cases.`,
    );
  return null;
}

type Source = MasksResults["predictions"];

/** What was read from each place, the reference first. */
function sourcesOf(places: readonly Place[], { hashes }: MeasuredFolders): readonly Source[] {
  return places.map(({ where }, i) => ({ where, sha256: sha256(canonicalJson(hashes.map((all) => all[i]!))) }));
}

/** All figures of measured cases. @param sources - The reference, the predictions, those compared. */
function describeMasks(
  labels: readonly MeasuredLabel[],
  study: Pick<MasksResults, "slices" | "matchedBy" | "cases" | "patients" | "patientsBy" | "columns">,
  passedOver: Pairing["passedOver"],
  [reference, predictions, ...others]: readonly Source[],
  options: MasksOptions,
): MasksResults {
  const volumes = haveVolumes(labels);
  const found = measureMasks(labels, study.slices, volumes, options, seededRng(options.seed).fork("masks"));
  const facts = { members: labels[0]!.predictions[0]!, compared: others.length };
  return {
    ...headOf("masks", options),
    predictions: predictions!,
    reference: reference!,
    ...study,
    method: methodOf(options),
    ...found,
    comparisons: found.comparisons.map((one, i) => ({ predictions: others[i]!, ...one })),
    notes: notesOf({ ...study, ...facts, content: found.content, volumes, passedOver }, options),
  };
}

const haveVolumes = (labels: readonly MeasuredLabel[]): boolean =>
  labels[0]!.predictions[0]!.every(({ facts }) => !Number.isNaN(facts.referenceMl));

async function listPlaces({ reference, predictions, compare }: MasksRequest, table: CaseTable | null): Promise<Place[]> {
  const places: Place[] = [];
  for (const path of [reference, predictions, ...compare]) {
    const place = await listPlace(path);
    places.push(table === null ? place : { ...place, files: place.files.filter((file) => isListed(table, file)) });
  }
  return places;
}

interface MeasuredFolders {
  readonly facts: readonly { readonly label: number | null; readonly byPrediction: readonly CaseFacts[][] }[];
  /** Of the files of each case, the reference first. */
  readonly hashes: readonly (readonly string[])[];
  readonly lone: boolean;
}

/** Reads and measures case by case. */
async function measureCases(
  pairing: Pairing,
  places: readonly Place[],
  options: MasksOptions,
  { signal, reporter }: Pick<StageContext, "signal" | "reporter">,
): Promise<MeasuredFolders> {
  const labels = options.labels.length === 0 ? [null] : options.labels;
  const facts = labels.map((label) => ({ label, byPrediction: places.slice(1).map((): CaseFacts[] => []) }));
  const hashes: (readonly string[])[] = [];
  const values = places.map(() => new Set<number>());
  let first: { readonly flat: boolean; readonly file: string } | null = null;
  for (const [done, one] of pairing.cases.entries()) {
    throwIfStopped(signal);
    const loaded = await loadCase(one, places, options, reporter.warn);
    const file = join(places[0]!.folder, one.reference);
    const flat = loaded.images[0]!.flat !== null;
    first ??= { flat, file };
    if (first.flat !== flat) {
      const got = flat ? `a lone slice, and a volume in ${first.file}` : `a volume, and a lone slice in ${first.file}`;
      throw dataFault(file, "cases must all be volumes, or all lone slices", got, "Evaluate them apart");
    }
    for (const [p, images] of loaded.images.entries()) {
      if (options.labels.length === 0) {
        refuseLabels(values[0]!, images.reference, places[0]!.where);
        if (options.threshold === null) refuseLabels(values[p + 1]!, images.predicted, places[p + 1]!.where);
      }
      for (const { label, byPrediction } of facts) byPrediction[p]!.push(measureCase(images, label, options));
    }
    hashes.push(loaded.hashes);
    reporter.progress("cases", done + 1, pairing.cases.length);
  }
  return { facts, hashes, lone: first!.flat };
}

/** @throws {UserError} (data) If a folder has several labels and nobody says which: they would silently become one. */
function refuseLabels(seen: Set<number>, data: ArrayLike<number>, where: string): void {
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) seen.add(data[i]!);
  if (seen.size < 2) return;
  const ids = [...seen].sort((a, b) => a - b);
  const got = `${ids.slice(0, 8).join(", ")}${ids.length > 8 ? " ..." : ""}`;
  throw dataFault(
    where,
    "masks must hold one value beside 0, or labels must be named",
    got,
    `Give --label ${ids.slice(0, 8).join(" ")}, or those that you want`,
  );
}

async function write(out: string, results: MasksResults, labels: readonly MeasuredLabel[]): Promise<void> {
  const places = [results.predictions, ...results.comparisons.map((one) => one.predictions)];
  const rows = places.flatMap(({ where }, p) =>
    labels.map(({ label, predictions }) => ({ where, label, cases: predictions[p]! })),
  );
  const contents: Readonly<Record<(typeof maskFiles)[number], string>> = {
    "metrics.csv": formatCsv(results),
    "metrics.md": documentMarkdown(masksDocument(results)),
    "metrics.tex": documentLatex(masksDocument(results)),
    "cases.csv": casesCsv(rows, haveVolumes(labels), results.options),
    "report.html": masksPage(results, labels),
    "metrics.json": `${canonicalJson(results, 2)}\n`,
  };
  for (const name of maskFiles) await writeAtomic(join(out, name), contents[name]);
}
