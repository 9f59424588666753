import { posix } from "node:path";
import type { Finding } from "../dataset.ts";
import { imageStem } from "../image-name.ts";
import { warningOf } from "./findings.ts";
import type { FolderOptions } from "./options.ts";
import type { SliceRows } from "./slices.ts";
import { byCodeUnit } from "./walk.ts";

/** `sub-…` in a path, as BIDS has it. */
const bidsSubject = /(?:^|[/_])(sub-[A-Za-z0-9]+)/;

/** First group of a match that is not empty; null without one. */
export function firstGroup(pattern: string | null, usual: RegExp, path: string): string | null {
  const match = (pattern === null ? usual : new RegExp(pattern, "u")).exec(path);
  return match?.slice(1).find((group) => group !== undefined && group !== "") ?? null;
}

/** The patient of an image: what `data.subject` says, else its row of a slices table, else `sub-…` in its path, else its name without suffix. */
export function subjectOf(image: string, options: FolderOptions, rows: SliceRows): string {
  const listed = options.subject === null ? rows.get(image)?.cells.get("subject") : undefined;
  return listed ?? firstGroup(options.subject, bidsSubject, image) ?? stemOf(image);
}

const stemOf = (image: string) => imageStem(posix.basename(image));

/** Ways to write a patient into a path, as values of `data.subject`: the folder, then the first parts of the name. Our choice. */
const usualWays = [
  "([^/]+)/[^/]*$",
  "([^/_]+)_[^/]*$",
  "([^/_]+_[^/_]+)_[^/]*$",
  "([^/-]+)-[^/]*$",
  "([^/.]+)[.][^/]*[.][^/.]+$",
];

/** What names a view or a sequence and so no patient. */
const noPatient =
  /^(?:ax(?:ial)?|cor(?:onal)?|sag(?:ittal)?|tra(?:ns(?:verse|versal)?)?|t2w?|haste|ssfse|ssh|tse|trufi|bffe|stacks?|run-?\d*|images?|img|anat|nifti)$/i;

/**
 * Warns where the names decide alone whose images are whose: without `sub-…` and without `data.subject` every name is a patient of
 * its own, and three stacks of one patient would be dealt out over train, val and test. Proposes the pattern that would fit, if any.
 *
 * @param images - Paths relative to the folder ingested.
 */
export function subjectFindings(images: readonly string[], options: FolderOptions, rows: SliceRows): Finding[] {
  const isNamed = (image: string) => bidsSubject.test(image) || rows.get(image)?.cells.has("subject") === true;
  const unnamed = options.subject === null ? images.filter((image) => !isNamed(image)) : [];
  const names = [...new Set(unnamed.map(stemOf))];
  if (names.length < 2) return [];
  const way = fittingWay(unnamed);
  const got = `${unnamed.length} images without either, so each of the names ${listOf(names)} counts as a patient of its own`;
  const wayOut =
    way === null
      ? 'If a patient has several images, set data.subject to a regular expression whose first group is the patient, such as "^([^/_]+)"'
      : `Set data.subject: "${way.pattern}" would give ${counted(way.patients.length)} (${listOf(way.patients)})`;
  const message = `data.subject: splits are by patient, so a path should name its patient by sub-… or by data.subject; got ${got}. ${wayOut}.`;
  return [warningOf("subject-from-name", null, message)];
}

const counted = (n: number) => (n === 1 ? "1 patient" : `${n} patients`);
const listOf = (names: readonly string[]) => [...names.slice(0, 3), ...(names.length > 3 ? ["…"] : [])].join(", ");

/** The first usual way that matches every image and gives several patients with fewer of them than images; else one that gives a single patient. */
function fittingWay(images: readonly string[]): { pattern: string; patients: string[] } | null {
  const fitting = usualWays.flatMap((pattern) => {
    const found = images.map((image) => firstGroup(pattern, bidsSubject, image));
    const patients = [...new Set(found)].sort((a, b) => byCodeUnit(a ?? "", b ?? ""));
    const fits = patients.length < images.length && patients.every((p) => p !== null && !noPatient.test(p));
    return fits ? [{ pattern, patients: patients as string[] }] : [];
  });
  return fitting.find(({ patients }) => patients.length > 1) ?? fitting[0] ?? null;
}
