import { posix } from "node:path";
import type { Plane } from "../../core/volume.ts";
import type { Finding } from "../dataset.ts";
import { imageKind } from "../image-name.ts";
import { type PictureAxes, type PicturePlace, pictureAxes, planeOfAxes, usualAxes } from "../picture-volume.ts";
import { errorOf } from "./findings.ts";
import { isSlicesTable, type Table } from "./gestational-age.ts";
import type { Companion } from "./layout.ts";
import { type PictureOptions, pixelRange } from "./options.ts";
import { firstGroup } from "./subjects.ts";

/** What slices tables say, by the path of the image. */
export type SliceRows = ReadonlyMap<string, SliceRow>;
export interface SliceRow {
  /** Path of the table, relative to the folder ingested. */
  readonly table: string;
  /** Cells that say something, of the columns that are known. */
  readonly cells: ReadonlyMap<Column, string>;
  /** All cells, by the names of their columns. */
  readonly all: ReadonlyMap<string, string>;
}

/** The columns that are read, each with its other names, letters and digits only, lower case. The first are those that an export writes. */
const columnNames = {
  image: ["image", "file", "filename", "path"],
  subject: ["subject", "participantid", "patient"],
  session: ["session", "sessionid"],
  plane: ["plane"],
  axes: ["axes"],
  side: ["side"],
  xMm: ["xmm", "pixelmm", "pixelsizemm"],
  yMm: ["ymm"],
  stepMm: ["stepmm", "thicknessmm"],
  labels: ["labels", "labelmap"],
  brainMask: ["brainmask"],
  lesionMask: ["mask", "lesionmask"],
} as const;
type Column = keyof typeof columnNames;

/**
 * The rows of all slices tables. Their paths start from the folder of their table.
 *
 * @param files - What there is, relative to the folder ingested.
 */
export function sliceRowsOf(
  tables: readonly Table[],
  files: ReadonlySet<string>,
): { readonly rows: SliceRows; readonly findings: readonly Finding[] } {
  const rows = new Map<string, SliceRow>();
  const findings: Finding[] = [];
  const report = (where: string, message: string) => findings.push(errorOf("table", null, `${where}: ${message}`));
  for (const { path, columns, rows: lines } of tables.filter(({ path }) => isSlicesTable(path))) {
    if (!columns.some((name) => columnOf(name) === "image"))
      report(path, `a slices table must have a column image; got ${columns.join(", ") || "none"}. Name it so.`);
    for (const all of lines) {
      const cells = cellsOf(all);
      const image = cells.get("image");
      if (image === undefined) continue;
      const file = posix.join(posix.dirname(path), image);
      const named = ["image", ...companionColumns] as const;
      const missing = named
        .map((column) => cells.get(column))
        .find((name) => name && !files.has(posix.join(posix.dirname(path), name)));
      if (missing !== undefined)
        report(path, `its files must be there, by paths from its folder; got ${missing}, which is not. Correct it.`);
      else if (rows.has(file)) report(path, `an image must have one row; got two for ${image}. Remove one.`);
      else rows.set(file, { table: path, cells, all });
    }
  }
  return { rows, findings };
}

const companionColumns = ["labels", "brainMask", "lesionMask"] as const satisfies readonly Companion[];

function columnOf(name: string): Column | undefined {
  const wanted = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return (Object.keys(columnNames) as Column[]).find((column) => (columnNames[column] as readonly string[]).includes(wanted));
}

function cellsOf(all: ReadonlyMap<string, string>): Map<Column, string> {
  const cells = new Map<Column, string>();
  for (const [name, text] of all) {
    const column = columnOf(name);
    if (column !== undefined && text !== "" && text.toLowerCase() !== "n/a") cells.set(column, text);
  }
  return cells;
}

/** The file that a row names as what belongs to its image, relative to the folder ingested; null where it names none. */
export function listedCompanion(row: SliceRow | undefined, kind: Companion): string | null {
  const name = row?.cells.get(kind);
  return row === undefined || name === undefined ? null : posix.join(posix.dirname(row.table), name);
}

/** Whether the pictures of a folder are slices to be read, and not just there. */
export function readsPictures(tables: readonly Table[], { pixelMm, pixelMmPattern }: PictureOptions): boolean {
  return pixelMm !== null || pixelMmPattern !== null || tables.some(({ path }) => isSlicesTable(path));
}

/**
 * The place of a picture in the patient: by a pattern on its path, else by its row, else as the options say for all.
 *
 * @returns Null for a volume; what is wrong, without the name, where something is not told or is no such thing.
 */
export function placeOfPicture(image: string, row: SliceRow | undefined, options: PictureOptions): PicturePlace | string | null {
  if (imageKind(image) !== "picture") return null;
  const pixelMm = pixelOf(image, row, options);
  if (pixelMm === null) {
    const [low, high] = pixelRange;
    const got = firstGroup(options.pixelMmPattern, /()/, image) ?? row?.cells.get("xMm") ?? "none";
    return `a picture does not tell its pixel size: it must be given, ${low} to ${high} mm; got ${got}. Set data.pictures.pixelMm, or name it in a slices.csv.`;
  }
  const axes = axesOf(image, row, options);
  if (axes.length !== 2) return axes;
  const thickness = row?.cells.get("stepMm");
  const thicknessMm = thickness === undefined ? options.thicknessMm : numberOf(thickness);
  if (!(thicknessMm > 0 && thicknessMm <= 100)) return `its thickness must be above 0 mm; got ${thickness}. Correct it.`;
  const side = row?.cells.get("side")?.toLowerCase() ?? options.side;
  if (side !== null && side !== "left" && side !== "right") return `its side must be left or right; got ${side}. Correct it.`;
  return { pixelMm, thicknessMm, axes: axes as PictureAxes, side };
}

const numberOf = (text: string) => Number(text.replace(",", "."));

function pixelOf(image: string, row: SliceRow | undefined, options: PictureOptions): readonly [number, number] | null {
  const inPath = firstGroup(options.pixelMmPattern, /()/, image);
  const [x, y] = [inPath ?? row?.cells.get("xMm"), inPath ?? row?.cells.get("yMm")];
  const width = x === undefined ? options.pixelMm : numberOf(x);
  const pixel = [width, y === undefined ? width : numberOf(y)] as const;
  const isSize = (mm: number | null): mm is number => mm !== null && mm >= pixelRange[0] && mm <= pixelRange[1];
  return isSize(pixel[0]) && isSize(pixel[1]) ? [pixel[0], pixel[1]] : null;
}

/** The axes, or one line that says what is wrong. */
function axesOf(image: string, row: SliceRow | undefined, options: PictureOptions): string {
  const text = firstGroup(options.planePattern, /()/, image) ?? row?.cells.get("plane") ?? options.plane;
  const plane = text === null ? null : planeOf(text);
  const given = row?.cells.get("axes")?.toUpperCase() ?? options.axes;
  const axes = given ?? (plane && usualAxes[plane]);
  if (axes === null) {
    const rule = "a picture does not tell its plane: it must be given, axial, coronal or sagittal";
    return `${rule}; got ${text ?? "none"}. Set data.pictures.plane, or name it in a slices.csv.`;
  }
  const known = (pictureAxes as readonly string[]).includes(axes);
  if (known && (text === null || planeOfAxes(axes as PictureAxes) === plane)) return axes;
  return `its axes must be two letters of L, R, A, P, I, S that lie in its plane, ${text}; got ${axes}. Correct one of them.`;
}

function planeOf(text: string): Plane | null {
  const start = /^(ax|tra|cor|sag)/i.exec(text.trim())?.[1]?.toLowerCase();
  return start === undefined ? null : start === "cor" ? "coronal" : start === "sag" ? "sagittal" : "axial";
}
