import type { Case, Modality } from "../dataset.ts";

/** Where the image of a case is. Paths are relative to the folder of the set. */
export type Source =
  | { readonly kind: "nifti"; readonly file: string }
  | { readonly kind: "series"; readonly folder: string; readonly files: readonly string[] }
  /** A PNG, whose colours are averaged. */
  | { readonly kind: "picture"; readonly file: string; readonly pixelMm: number }
  /** A PNG, JPEG or TIFF without colours. */
  | { readonly kind: "greyPicture"; readonly file: string; readonly pixelMm: number };

/** A box in shares of the picture's width and height: left, top, right, bottom. */
export interface RelativeBox {
  readonly name: string;
  readonly box: readonly [number, number, number, number];
}

/** One image of a public set and what is known of it, before any voxel is read. */
export interface PublicCase extends Pick<Case, "id" | "subject" | "class" | "boxes" | "plane"> {
  readonly source: Source;
  /** Boxes of a picture whose set tells them in shares; they become `boxes`, in whole pixels, once its size is known. */
  readonly relativeBoxes?: readonly RelativeBox[];
  /** Mask of blood on the image's grid: the value that becomes each value of ours, or null where whatever is above 0 is 1. */
  readonly lesion: { readonly file: string; readonly values: Readonly<Record<number, number>> | null } | null;
  /** Picture with the outline of the head, drawn or filled: what it encloses is the brain mask. */
  readonly outline: string | null;
  /** The class that an image with blood in its mask has, and one without; null where `class` says it. */
  readonly classByMask: readonly [without: string, withBlood: string] | null;
}

/** What a public set holds, in order of ids. */
export interface PublicPlan {
  readonly name: string;
  /** Absent where the set does not tell. */
  readonly modality?: Modality;
  readonly classes?: readonly string[];
  readonly regions?: readonly string[];
  readonly lesionTypes?: readonly string[];
  readonly cases: readonly PublicCase[];
  /** What a user should know of images that were passed over; kept as findings. */
  readonly warnings?: readonly string[];
}

/** The files of a set as {@link listFiles} gives them, and its folder for reading tables. */
export interface SetFolder {
  readonly path: string;
  readonly files: readonly string[];
}

/** Where an image lies, for messages. */
export const placeOf = ({ source }: PublicCase): string => (source.kind === "series" ? source.folder : source.file);

/** What most cases have none of. */
export const bare = { lesion: null, outline: null, classByMask: null } as const;
