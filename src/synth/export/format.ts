import { extractSlice, type Image, sliceAxis, type Volume } from "../../core/volume.ts";
import type { Case, Dataset, RegionBox, SplitName, Splits } from "../../data/dataset.ts";

/** The formats that a dataset can be exported to. */
export const formatNames = ["bids", "png", "nnunet", "coco", "yolo"] as const;
export type FormatName = (typeof formatNames)[number];

/** A file to write, relative to the output folder. */
export interface OutFile {
  readonly path: string;
  readonly content: Uint8Array | string;
}

/** One case with its files, as a format gets it. */
export interface ExportItem {
  readonly case: Case;
  readonly split: SplitName;
  readonly image: Volume<Float32Array>;
  readonly lesion: Volume<Uint16Array>;
  /** The same as zipped NIfTI files, and the brain mask if there is one. */
  readonly files: { readonly image: Uint8Array; readonly lesion: Uint8Array; readonly brain: Uint8Array | null };
  /** The text of the sidecar; null for a case that was not synthesised. */
  readonly sidecar: string | null;
}

/** What a format is told of the whole dataset. */
export interface ExportAbout {
  readonly dataset: Dataset;
  readonly splits: Splits;
  /** Version of hemosynth. */
  readonly version: string;
}

/**
 * A format, given the whole dataset: `caseFiles` is called for one case after another, `indexFiles` once, with what the cases left. The last of the index files
 * is what makes a folder whole for the programs that read the format, and is written last.
 */
export interface Format<Entry> {
  caseFiles(item: ExportItem): Promise<{ readonly files: readonly OutFile[]; readonly entry: Entry }>;
  indexFiles(entries: readonly Entry[]): readonly OutFile[];
}
export type MakeFormat<Entry> = (about: ExportAbout) => Format<Entry>;

/** One slice of a case. */
export interface ExportSlice {
  /** 0-based along the slice axis. */
  readonly index: number;
  /** `<case>_slice-012`. */
  readonly name: string;
  readonly image: Image<Float32Array>;
  readonly lesion: Image<Uint16Array>;
  /** The regions that lie in it. */
  readonly boxes: readonly RegionBox[];
}

/** The slices of a case along its slice axis; x and y are the other array axes, in their order. */
export function slicesOf({
  case: { id, boxes = [] },
  image,
  lesion,
}: Pick<ExportItem, "case" | "image" | "lesion">): ExportSlice[] {
  const axis = sliceAxis(image);
  return Array.from({ length: image.shape[axis] }, (_, index) => ({
    index,
    name: `${id}_slice-${String(index).padStart(3, "0")}`,
    image: extractSlice(image, axis, index),
    lesion: extractSlice(lesion, axis, index),
    boxes: boxes.filter(({ slice }) => slice === index),
  }));
}

/**
 * The grey that becomes white in 8-bit pictures: the 99.5th percentile of the stack's voxels above 0; 1 if there is none.
 * One for a whole stack, so that its slices keep their brightness against each other.
 */
export function whiteLevel(image: Volume<Float32Array>): number {
  const values = image.data.filter((v) => v > 0).sort();
  return values[Math.ceil(0.995 * values.length) - 1] ?? 1;
}

/** 8-bit grey: 0 stays black, `white` and above is 255. */
export function toBytes({ data, width, height }: Image, white: number): Image<Uint8Array> {
  return { data: Uint8Array.from(data, (v) => Math.min(255, Math.max(0, Math.round((255 * v) / white)))), width, height };
}
