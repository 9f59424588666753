import type { Volume, Voxels } from "../../core/volume.ts";
import { pictureVolume } from "../../data/picture-volume.ts";
import type { Frame } from "./fan.ts";

/** Nominal distance between the frames of an exam, and thickness of a picture, mm: more than a pixel, so that slices are frames. */
export const frameStepMm = 3;

/** Frames of one window as a volume, one slice a frame: columns are array axis 0, rows array axis 1. */
export function framesVolume<Data extends Voxels>(data: Data, { width, height, pixelMm }: Frame): Volume<Data> {
  const place = { pixelMm: [pixelMm, pixelMm] as const, thicknessMm: frameStepMm, axes: "LP" as const, side: null };
  return { ...pictureVolume({ data, width, height }, place), shape: [width, height, data.length / (width * height)] };
}
