import { naturalOrder } from "../../core/natural-order.ts";
import { imageKind, imageStem } from "../../data/image-name.ts";

/** What a file name says about its case. */
export interface NamedInput {
  /** Unique among the inputs also where upper and lower case are one; safe as the start of a file name. */
  readonly id: string;
  readonly subject: string;
  readonly session: string | null;
}

/** Longest id: room for `_lesionprob.nii.gz` within the 255 bytes of a file name. */
const longestId = 200;

/** The brain mask of an input among the names of its folder: `<stem>_brain.nii.gz` or `.nii`, of a picture also `.png`; null where there is none. */
export function brainMaskOf(name: string, names: readonly string[]): string | null {
  const mask = `${imageStem(name)}_brain`;
  const isMask = (kind: ReturnType<typeof imageKind>) =>
    kind === "nifti" || (kind === "picture" && imageKind(name) === "picture");
  return [...names].sort().find((other) => isMask(imageKind(other)) && imageStem(other) === mask) ?? null;
}

/** Frames as a person counts them: `_2` before `_10`. Names that this holds for equal go as text, so that the order is total. */
function inFrameOrder(files: readonly string[]): string[] {
  return [...files].sort((a, b) => naturalOrder(a, b) || (a < b ? -1 : 1));
}

/**
 * Gathers pictures whose stems agree up to the last `_`; all else stays by itself. A picture without `_` is alone.
 * @returns In the order of the first given of each, its own pictures by the numbers in their names; `name` is what all of them begin with, or the file's own.
 */
export function gatherPictures(files: readonly string[]): { readonly name: string; readonly files: readonly string[] }[] {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const end = imageStem(file).lastIndexOf("_");
    const name = imageKind(file) === "picture" && end > 0 ? file.slice(0, end) : file;
    const own = groups.get(name);
    if (own === undefined) groups.set(name, [file]);
    else own.push(file);
  }
  return [...groups].map(([name, own]) => ({ name: own.length > 1 ? name : own[0]!, files: inFrameOrder(own) }));
}

/**
 * Ids, subjects and sessions of input files. The id is the stem, with everything but letters, digits, `.`, `_` and `-` made
 * `_`; where two would be the same, later ones get `-2`, `-3`. Subject and session are the BIDS entities `sub-` and `ses-` of
 * the name; without them each file is its own subject.
 *
 * @param names - File names without folders, in the order in which they will be predicted.
 */
export function nameInputs(names: readonly string[]): NamedInput[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const stem = imageStem(name);
    const safe = stem.replace(/[^A-Za-z0-9._-]/gu, "_").slice(0, longestId);
    const start = /^[A-Za-z0-9]/.test(safe) ? safe : `case${safe}`.slice(0, longestId);
    let id = start;
    for (let n = 2; taken.has(id.toLowerCase()); n++) id = `${start}-${n}`;
    taken.add(id.toLowerCase());
    const subject = /(?:^|_)(sub-[A-Za-z0-9]+)/.exec(stem)?.[1] ?? id;
    return { id, subject, session: /_(ses-[A-Za-z0-9]+)/.exec(stem)?.[1] ?? null };
  });
}
