import type { Finding } from "../dataset.ts";
import { imageKind, imageStem } from "../image-name.ts";
import type { PicturePlace } from "../picture-volume.ts";
import { errorOf, warningOf } from "./findings.ts";
import { type AgeCell, ageCell, gestationalAgeOf, parseAge, type ScanKey, type Table } from "./gestational-age.ts";
import { type Companion, chooseImages, companionOf, companions, type Layout, layoutOf, lookedFor, slotsOf } from "./layout.ts";
import type { FolderOptions, IngestOptions } from "./options.ts";
import { listedCompanion, placeOfPicture, readsPictures, type SliceRow, sliceRowsOf } from "./slices.ts";
import { firstGroup, subjectFindings, subjectOf } from "./subjects.ts";
import { byCodeUnit } from "./walk.ts";

/** One image with what belongs to it, before any voxel is read. Paths are relative to the folder ingested and may start with `..`. */
export interface PlannedCase extends Readonly<Record<Companion, string | null>> {
  readonly id: string;
  readonly subject: string;
  readonly session: string | null;
  /** Weeks. */
  readonly gestationalAge: number | null;
  readonly image: string;
  /** Where a picture lies in the patient; null for a volume, which says so itself. */
  readonly place: PicturePlace | null;
}

/** Cases in the order of their paths, and what is wrong with names, tables and pairing. */
export interface Plan {
  readonly cases: readonly PlannedCase[];
  readonly findings: readonly Finding[];
}

/**
 * Decides from names and tables alone what is in a folder.
 *
 * @param files - Paths relative to the folder, in code-unit order.
 */
export function planFolder(all: readonly string[], tables: readonly Table[], options: IngestOptions): Plan {
  const files = readsPictures(tables, options.pictures) ? all : all.filter((file) => imageKind(file) !== "picture");
  const layout = layoutOf(options, files);
  const { rows, findings: listed } = sliceRowsOf(tables, new Set(files));
  const belonging = new Set([...rows.values()].flatMap((row) => companions.map((kind) => listedCompanion(row, kind))));
  const open = files.filter((file) => !belonging.has(file));
  const { images, findings: unclaimed } = chooseImages(open, layout, (image) => subjectOf(image, options, rows));
  const ids = idsOf(images);
  const findings: Finding[] = [...listed, ...unclaimed];
  const present = new Set(files);
  const unplaced = new Map<string, readonly string[]>();
  const cases = images.map((image): PlannedCase => {
    const id = ids.get(image)!;
    const row = rows.get(image);
    const subject = subjectOf(image, options, rows);
    const session = firstGroup(options.session, /(?:^|[/_])(ses-[A-Za-z0-9]+)/, image) ?? row?.cells.get("session") ?? null;
    if (options.subject !== null && firstGroup(options.subject, /()/, image) === null)
      findings.push(noSubject(id, image, options));
    const gestationalAge = ageOf({ path: image, subject, session }, id, row, tables, options, findings);
    const place = placeOfPicture(image, row, options.pictures);
    if (typeof place === "string") unplaced.set(place, [...(unplaced.get(place) ?? []), image]);
    const found = companionsOf(image, id, subject, row, layout, files, present, findings);
    return { id, subject, session, gestationalAge, image, place: typeof place === "string" ? null : place, ...found };
  });
  const bySubject = subjectFindings(images, options, rows);
  return {
    cases,
    findings: [
      ...findings,
      ...placeFindings(unplaced),
      ...bySubject,
      ...nameFindings(cases),
      ...pairFindings(cases, options, layout),
    ],
  };
}

function noSubject(id: string, image: string, options: FolderOptions): Finding {
  const message = `${image}: the regular expression of the subject must match; got no match of ${options.subject}. Correct it.`;
  return errorOf("subject", id, message);
}

/** One finding for all pictures whose place is not told for the same reason: a folder of a thousand slices is one thing to mend. */
function placeFindings(unplaced: ReadonlyMap<string, readonly string[]>): Finding[] {
  return [...unplaced].map(([fault, [first, ...others]]) => {
    const more = others.length > 0 ? ` The same for ${others.length} more.` : "";
    return errorOf("picture", null, `${first}: ${fault}${more}`);
  });
}

function ageOf(
  key: ScanKey,
  id: string,
  row: SliceRow | undefined,
  tables: readonly Table[],
  options: FolderOptions,
  findings: Finding[],
): number | null {
  const text = options.gestationalAge === null ? null : firstGroup(options.gestationalAge, /()/, key.path);
  const inRow = row && ageCell(row.all, options.gestationalAgeColumn);
  const cell: AgeCell | null =
    text !== null
      ? { weeks: parseAge(text), text, table: "its name" }
      : inRow
        ? { ...inRow, table: row.table }
        : gestationalAgeOf(tables, key, options.gestationalAgeColumn);
  if (cell === null) return imageKind(key.path) === "picture" ? options.pictures.gestationalAge : null;
  if (cell.weeks !== null && cell.weeks >= 10 && cell.weeks <= 45) return cell.weeks;
  const rule = `the gestational age in ${cell.table} must be 10 to 45 weeks, as 24.4 or 24+3`;
  findings.push(errorOf("gestational-age", id, `${key.path}: ${rule}; got ${cell.text}. Correct it, or name another column.`));
  return null;
}

function companionsOf(
  image: string,
  id: string,
  subject: string,
  row: SliceRow | undefined,
  layout: Layout,
  files: readonly string[],
  present: ReadonlySet<string>,
  findings: Finding[],
): Record<Companion, string | null> {
  const pairs = companions.map((kind) => {
    const listed = listedCompanion(row, kind);
    if (listed !== null) return [kind, listed] as const;
    const { file, matches } = companionOf(kind, image, subject, layout, files, present);
    if (matches > 1) {
      const message = `${image}: one ${kind} file should match; got ${matches}, and ${file} is taken. Make the pattern narrower.`;
      findings.push(warningOf("ambiguous-match", id, message));
    }
    return [kind, file] as const;
  });
  return Object.fromEntries(pairs) as Record<Companion, string | null>;
}

/** Case ids: the stem, or the whole path where stems repeat, in letters that every file system takes. */
function idsOf(images: readonly string[]): ReadonlyMap<string, string> {
  const stems = images.map((image) => slotsOf(image, "").stem!);
  const count = new Map<string, number>();
  for (const stem of stems) count.set(stem, (count.get(stem) ?? 0) + 1);
  const whole = (image: string) => imageStem(image).replaceAll("/", "_");
  return new Map(images.map((image, i) => [image, safeId(count.get(stems[i]!) === 1 ? stems[i]! : whole(image))]));
}

function safeId(text: string): string {
  const safe = text.normalize("NFC").replace(/[^A-Za-z0-9._-]/gu, "_");
  return /^[A-Za-z0-9]/.test(safe) ? safe : `x${safe}`;
}

/** Names that cannot be told apart on some file system, or cannot be written. */
function nameFindings(cases: readonly PlannedCase[]): Finding[] {
  const findings: Finding[] = [];
  for (const { id, image } of cases) {
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(image)) {
      findings.push(errorOf("file-name", id, `${image}: a name must have no control characters; got one. Rename the file.`));
    }
    if (id.length > 150) {
      findings.push(
        errorOf("file-name", id, `${image}: a case id must have at most 150 letters; got ${id.length}. Shorten the name.`),
      );
    }
  }
  const clashes = [
    ["duplicate-id", "paths of images", cases.map((c) => [c.image, c.image] as const)],
    ["duplicate-id", "case ids, which have no suffix,", cases.map((c) => [c.id, c.image] as const)],
    ["duplicate-subject", "subjects", [...new Set(cases.map((c) => c.subject))].map((subject) => [subject, subject] as const)],
  ] as const;
  for (const [rule, what, names] of clashes) {
    for (const [first, ...others] of sameUpToForm(names)) {
      const message = `${first}: ${what} must differ by more than case and Unicode form; got also ${others.join(", ")}. Rename all but one.`;
      findings.push(errorOf(rule, null, message));
    }
  }
  return findings;
}

/** Of names and what they are shown by: what is shown, where several names are one up to case and Unicode form. */
function sameUpToForm(names: readonly (readonly [name: string, shown: string])[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const [name, shown] of [...names].sort(([a], [b]) => byCodeUnit(a, b))) {
    const key = name.normalize("NFKC").toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), shown]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Images without a label map, and label maps without a scheme. */
function pairFindings(cases: readonly PlannedCase[], options: IngestOptions, layout: Layout): Finding[] {
  const without = cases.filter((c) => c.labels === null);
  const { scheme, required, files } = options.labels;
  const asked = required || (files.length > 0 && without.length === cases.length);
  const report = asked ? errorOf : warningOf;
  const findings =
    asked || without.length < cases.length
      ? without.map((c) => report("image-without-labels", c.id, withoutLabels(c, layout, options)))
      : [];
  if (scheme !== null || without.length === cases.length) return findings;
  const wayOut = "Name one, in the config or by --set data.labels.scheme=feta (or drawem9, bounti, crl2017, fidon8, hemosynth)";
  const message = `data.labels.scheme: label maps need a scheme; got none, so they are left out, and synth cannot paint without them. ${wayOut}.`;
  return [...findings, (files.length > 0 ? errorOf : warningOf)("scheme-missing", null, message)];
}

function withoutLabels({ image, subject }: PlannedCase, layout: Layout, { published }: IngestOptions): string {
  const places = lookedFor("labels", image, subject, layout);
  const list = [...places.slice(0, 3), ...(places.length > 3 ? [`${places.length - 3} more`] : [])].join(", ");
  const wayOut = published ? "Download it again; docs/datasets.md shows the tree" : "Add it, or correct data.labels.files";
  return `${image}: should have a label map; got none at ${list}. ${wayOut}.`;
}
