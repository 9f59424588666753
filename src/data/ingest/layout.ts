import { posix } from "node:path";
import type { Finding } from "../dataset.ts";
import { imageKind, imageStem } from "../image-name.ts";
import { errorOf, warningOf } from "./findings.ts";
import type { FolderOptions } from "./options.ts";
import { fillSlots, hasWildcard, patternRegex, type Slots } from "./patterns.ts";

/** What belongs to an image. */
export const companions = ["labels", "brainMask", "lesionMask"] as const;
export type Companion = (typeof companions)[number];

/** Patterns after the layout has filled in those that the options leave empty. */
export interface Layout {
  readonly image: readonly string[];
  readonly exclude: readonly string[];
  readonly companions: Readonly<Record<Companion, readonly string[]>>;
  /** Whether `image` was asked for, so that a file is an image whatever else its name looks like. */
  readonly explicit: boolean;
  /** Kinds whose files must all have an image: those asked for, or all where the folder's look decides everything. */
  readonly strict: readonly Companion[];
}

const exactSuffixes = ["nii.gz", "nii", "png", "tif", "tiff"];
const imageSuffixes = [...exactSuffixes, "jpg", "jpeg"];
const named = (suffixes: readonly string[], ...stems: string[]) =>
  stems.flatMap((stem) => suffixes.map((suffix) => `${stem}.${suffix}`));
const maps = (...stems: string[]) => named(exactSuffixes, ...stems);

const usual: Readonly<Record<Companion, readonly string[]>> = {
  labels: maps("{dir}/{base}_dseg", "{dir}/{stem}_dseg", "derivatives/*/{dir}/{base}_dseg", "derivatives/*/{dir}/{base}_*dseg"),
  brainMask: maps(
    "{dir}/{base}_desc-brain_mask",
    "{dir}/{stem}_desc-brain_mask",
    "{dir}/{stem}_brain",
    "{dir}/{stem}_mask",
    "derivatives/*/{dir}/{base}_desc-brain_mask",
    "derivatives/*/{dir}/{base}_*brain_mask",
  ),
  lesionMask: maps(
    "{dir}/{base}_label-lesion_mask",
    "{dir}/{stem}_label-lesion_mask",
    "{dir}/{stem}_lesion",
    "derivatives/*/{dir}/{base}_label-lesion_mask",
  ),
};

const bidsImages = named(imageSuffixes, "**/sub-*/anat/*_T2w", "**/sub-*/ses-*/anat/*_T2w");

/** The patterns that options and the look of the folder give together. */
export function layoutOf(options: FolderOptions, files: readonly string[]): Layout {
  const asked = { labels: options.labels.files, brainMask: options.brainMask, lesionMask: options.lesionMask };
  const of = (kind: Companion) => (asked[kind].length > 0 ? asked[kind] : usual[kind]);
  const bids = options.layout === "bids" || (options.layout === "auto" && matching(files, bidsImages).length > 0);
  const explicit = options.image.length > 0;
  return {
    image: explicit ? options.image : bids ? bidsImages : [...named(imageSuffixes, "**/*"), "**/*/"],
    exclude: explicit ? options.exclude : [...options.exclude, "derivatives/**/*"],
    companions: { labels: of("labels"), brainMask: of("brainMask"), lesionMask: of("lesionMask") },
    explicit,
    strict: companions.filter((kind) => !explicit || asked[kind].length > 0),
  };
}

export function matching(files: readonly string[], patterns: readonly string[]): string[] {
  const regexes = patterns.map((pattern) => patternRegex(pattern, null));
  return files.filter((file) => regexes.some((regex) => regex.test(file)));
}

/** The texts that a companion's pattern can take from its image. */
export function slotsOf(image: string, subject: string): Slots {
  const stem = image === "./" ? "series" : imageStem(posix.basename(image));
  return { dir: posix.dirname(image), stem, base: stem.replace(/_T2w$/, ""), subject };
}

/** Images chosen by pattern, and findings on label maps and masks that no image claims. */
export interface Choice {
  readonly images: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Chooses the images: files that the patterns want, less those that belong to another of them.
 *
 * @param files - Paths relative to the folder; those that start with `..` can be companions only.
 * @param subjectOf - Subject of an image, for patterns with `{subject}`.
 */
export function chooseImages(files: readonly string[], layout: Layout, subjectOf: (image: string) => string): Choice {
  const inside = files.filter((file) => !file.startsWith("../") && imageKind(file) !== null);
  const excluded = new Set(matching(inside, layout.exclude));
  const wanted = matching(inside, layout.image).filter((file) => !excluded.has(file));
  const claimed = claimedBy(wanted, files, layout, subjectOf);
  const looksDerived = orphans(files, layout, claimedBy(inside, files, layout, subjectOf));
  const images = wanted.filter((file) => !claimed.has(file) && (layout.explicit || !looksDerived.has(file)));
  const chosen = new Set(images);
  const findings = [...looksDerived]
    .filter(([file]) => !chosen.has(file) && !excluded.has(file))
    .map(([file, kind]) => orphanFinding(file, kind));
  return { images, findings };
}

/** A companion's patterns in the order in which they are tried: a name without a folder lies beside its image, else in the folder ingested. */
function placesOf(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => (pattern.includes("/") ? [pattern] : [`{dir}/${pattern}`, pattern]));
}

/** The places where a kind of companion of an image is looked for: volumes belong to volumes and series, pictures to pictures. */
function placesFor(kind: Companion, image: string, layout: Layout): string[] {
  const own = imageKind(image) === "series" ? "nifti" : imageKind(image);
  return placesOf(layout.companions[kind]).filter((pattern) => (imageKind(pattern) ?? own) === own);
}

/** The paths where a kind of companion of an image was looked for, wildcards as they are; each once. */
export function lookedFor(kind: Companion, image: string, subject: string, layout: Layout): string[] {
  const slots = slotsOf(image, subject);
  return [...new Set(placesFor(kind, image, layout).map((pattern) => fillSlots(pattern, slots)))];
}

/** Files that belong to one of `owners` by a pattern without wildcards. */
function claimedBy(
  owners: readonly string[],
  files: readonly string[],
  layout: Layout,
  subjectOf: (image: string) => string,
): Set<string> {
  const present = new Set(files);
  const claimed = new Set<string>();
  for (const owner of owners) {
    const slots = slotsOf(owner, subjectOf(owner));
    for (const pattern of companions.flatMap((kind) => placesFor(kind, owner, layout))) {
      if (hasWildcard(pattern)) continue;
      const file = fillSlots(pattern, slots);
      if (file !== owner && present.has(file)) claimed.add(file);
    }
  }
  return claimed;
}

/** Files named like a label map or mask, by a pattern without wildcards, that belong to nothing. */
function orphans(files: readonly string[], layout: Layout, claimed: ReadonlySet<string>): Map<string, Companion> {
  const found = new Map<string, Companion>();
  for (const kind of layout.strict) {
    const patterns = layout.companions[kind].filter((pattern) => !hasWildcard(pattern) && pattern.includes("{"));
    for (const file of matching(files, patterns)) if (!claimed.has(file) && !found.has(file)) found.set(file, kind);
  }
  return found;
}

function orphanFinding(file: string, kind: Companion): Finding {
  const rule = kind === "labels" ? "labels-without-image" : "mask-without-image";
  const message = `${file}: a ${kind === "labels" ? "label map" : "mask"} must have an image; got none. Add the image, or exclude this file.`;
  // Outside the folder it may serve other images, as an atlas's label maps do.
  return file.startsWith("../") ? warningOf(rule, null, message) : errorOf(rule, null, message);
}

/** The file of one kind that belongs to an image: the first pattern with a match, and the first match in order. */
export function companionOf(
  kind: Companion,
  image: string,
  subject: string,
  layout: Layout,
  files: readonly string[],
  present: ReadonlySet<string>,
): { readonly file: string | null; readonly matches: number } {
  const slots = slotsOf(image, subject);
  for (const pattern of placesFor(kind, image, layout)) {
    if (!hasWildcard(pattern)) {
      const file = fillSlots(pattern, slots);
      if (file !== image && present.has(file)) return { file, matches: 1 };
      continue;
    }
    const regex = patternRegex(pattern, slots);
    const found = files.filter((file) => file !== image && regex.test(file));
    if (found.length > 0) return { file: found[0]!, matches: found.length };
  }
  return { file: null, matches: 0 };
}
