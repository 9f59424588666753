import { posix } from "node:path";
import { dataFault, oneLine } from "../../data/faults.ts";
import { imageKind, imageStem } from "../../data/image-name.ts";

/** Files of a folder, or one file. */
export interface Source {
  /** As it was given, for messages. */
  readonly where: string;
  /** Paths of images and of other files, relative to the folder. */
  readonly files: readonly string[];
}

/** A mask with what each prediction says of it. */
export interface CasePaths {
  /** The reference's name without what tells masks from images. */
  readonly id: string;
  readonly reference: string;
  /** In the order of the predictions. */
  readonly predicted: readonly string[];
}

/** Cases, and how they were found. */
export interface Pairing {
  readonly kind: "nifti" | "picture";
  readonly by: "name" | "path";
  /** In the order of their ids. */
  readonly cases: readonly CasePaths[];
  /** Images of predictions that were passed over, since references are of another kind. */
  readonly passedOver: number;
}

/** What programs write behind the name of a case: BIDS' suffixes and entities, nnU-Net's channel, ours, and usual words. */
const tails =
  /[_.-](?:(?:desc|label|space)-[a-z0-9]+|lesionprob|probseg|prob|dseg|seg|segmentation|mask|lesion|label|labels|pred|prediction|predicted|gt|truth|t2w|0000)$/i;

/** The name of a case: that of a file without suffix and without what says that it is a mask. */
export function caseName(path: string): string {
  let name = imageStem(posix.basename(path));
  while (tails.test(name)) name = name.replace(tails, "");
  return name;
}

/** `sub-…` in a path, as BIDS has it; null where there is none. */
export function patientOf(path: string): string | null {
  return /(?:^|[/_])(sub-[A-Za-z0-9]+)/.exec(path)?.[1] ?? null;
}

/**
 * Finds for each reference the predictions of the same name; where names come twice, of the same folder and name.
 *
 * @param predictions - One or several, of the same cases.
 * @throws {UserError} (data) Naming folder and files: nothing there, volumes and pictures mixed, several candidates for one case, a reference or a
 *   prediction without the other, two patients in one case.
 */
export function pairFiles(reference: Source, predictions: readonly Source[]): Pairing {
  const kind = kindOf(reference);
  const sources = [reference, ...predictions].map((source) => {
    const files = source.files.filter((file) => imageKind(file) === kind);
    if (files.length > 0) return { ...source, files };
    const other = source.files.filter((file) => imageKind(file) !== null).length;
    const rule = kind === "nifti" ? "must hold NIfTI files, as the reference" : "must hold pictures, as the reference";
    throw dataFault(source.where, rule, other === 0 ? "none" : `${other} images of the other kind`, "Check the folder");
  });
  const images = predictions.flatMap(({ files }) => files.filter((file) => imageKind(file) !== null));
  const passedOver = images.filter((file) => imageKind(file) !== kind).length;
  const lone = sources.every(({ files }) => files.length === 1);
  const by = lone || sources.every(({ files }) => isUnique(files.map(caseName))) ? "name" : "path";
  const keyOf = by === "name" ? caseName : pathName;
  const [ours, ...theirs] = sources.map((source) => indexed(source, keyOf)) as [Map<string, string>, ...Map<string, string>[]];
  const matches = lone ? theirs.map((files) => new Map([[[...ours.keys()][0]!, [...files.values()][0]!]])) : theirs;
  for (const [i, files] of matches.entries()) refuseLonely(reference.where, ours, predictions[i]!.where, files);
  const cases = [...ours].map(([id, file]) => ({ id, reference: file, predicted: matches.map((files) => files.get(id)!) }));
  for (const one of cases) refuseTwoPatients(one, reference, predictions);
  return { kind, by, cases: cases.sort((a, b) => (a.id < b.id ? -1 : 1)), passedOver };
}

function kindOf({ where, files }: Source): "nifti" | "picture" {
  const kinds = new Set(files.map(imageKind).filter((kind) => kind === "nifti" || kind === "picture"));
  if (kinds.size === 1) return [...kinds][0]!;
  const got = kinds.size === 0 ? "neither" : "both";
  throw dataFault(where, "references must be NIfTI volumes, or pictures of slices", got, "Give a folder of masks of one kind");
}

const isUnique = (names: readonly string[]) => new Set(names).size === names.length;
const pathName = (path: string) => posix.join(posix.dirname(path), caseName(path));

function indexed({ where, files }: Source, keyOf: (path: string) => string): Map<string, string> {
  const out = new Map<string, string>();
  for (const file of files) {
    const key = keyOf(file);
    const before = out.get(key);
    if (before !== undefined) {
      const wayOut = "Give a folder with one mask a case, and no images among them";
      throw dataFault(where, `one file must be the mask of ${oneLine(key)}`, `${before} and ${file}`, wayOut);
    }
    out.set(key, file);
  }
  return out;
}

function refuseLonely(ourFolder: string, ours: Map<string, string>, theirFolder: string, theirs: Map<string, string>): void {
  const some = (files: Map<string, string>, without: Map<string, string>) => {
    const lonely = [...files].filter(([id]) => !without.has(id)).map(([, file]) => file);
    return lonely.length === 0
      ? null
      : `${lonely.slice(0, 3).join(", ")}${lonely.length > 3 ? ` and ${lonely.length - 3} more` : ""} without`;
  };
  const wayOut = "Files are matched by name, see hemosynth metrics --help; add what is missing, or take the file away";
  const missing = some(ours, theirs);
  if (missing !== null) throw dataFault(theirFolder, `must hold a prediction for each mask of ${ourFolder}`, missing, wayOut);
  const extra = some(theirs, ours);
  if (extra !== null) throw dataFault(ourFolder, `must hold a mask for each prediction of ${theirFolder}`, extra, wayOut);
}

function refuseTwoPatients({ id, reference, predicted }: CasePaths, { where }: Source, predictions: readonly Source[]): void {
  const ours = patientOf(reference);
  for (const [i, file] of predicted.entries()) {
    const theirs = patientOf(file);
    if (ours !== null && theirs !== null && ours !== theirs) {
      const rule = `${oneLine(file)} is matched by its name ${oneLine(id)}, so it must be of ${ours}, as ${where}/${reference}`;
      throw dataFault(predictions[i]!.where, rule, theirs, "Put it into the folder of its patient, or rename it");
    }
  }
}
