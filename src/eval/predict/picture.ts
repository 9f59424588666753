import { affineSpacing } from "../../core/affine.ts";
import { type Image, sliceAxis, type Volume } from "../../core/volume.ts";
import { decimals } from "../../core/words.ts";
import {
  forTheEye,
  type PreprocessOptions,
  prepareMap,
  prepareMask,
  prepareRectangle,
  prepareStack,
} from "../../data/preprocess.ts";
import type { Bitmap } from "../../picture/bitmap.ts";
import { montage, type Shown } from "../../picture/montage.ts";
import { cropAround, drawOverlay, predictionColour, rectangleMask } from "../../picture/overlay.ts";
import type { VolumeBoxes } from "./detect.ts";
import type { OverlayOptions } from "./options.ts";
import type { VolumePrediction } from "./volume.ts";

type Window = PreprocessOptions["window"];

/** Shown around the brain, and shown at least, mm. */
const marginMm = 8;
const leastMm = 60;

/**
 * The slices of a volume with the highest scores, hung as a radiologist does: image in grey, probability in colour, and the
 * outline of probability 0.5; cut to the gate where it is not open everywhere. null where no slices are wanted.
 *
 * @param prediction - Of this volume.
 * @param window - Intensities from black to white; null: by percentiles.
 */
export function overlayPicture(
  title: string,
  volume: Volume,
  prediction: Pick<VolumePrediction, "lesion" | "gate" | "sliceScores">,
  { slices, tilePx }: OverlayOptions,
  window: Window,
  shown: Shown = "probability",
): Bitmap | null {
  if (slices === 0) return null;
  const { geometry, stack } = hung(volume, window);
  const probability = prepareMap(prediction.lesion, geometry);
  const gate = prediction.gate && prepareMask(prediction.gate, geometry);
  const best = highest(prediction.sliceScores, slices);
  const inside = gate === null ? [] : best.map(({ index }) => gate[index]!);
  const pixels = (mm: number) => Math.round(mm / geometry.pixelMm);
  const crop = cropAround(probability[0]!, inside, pixels(marginMm), pixels(leastMm));
  const panels = best.map(({ score, index }) => {
    const p = probability[index]!;
    const layers = {
      grey: stack.slices[index]!,
      probability: p,
      outlines: [{ mask: aboveHalf(p), colour: predictionColour, where: "inside" as const }],
    };
    return { picture: drawOverlay(layers, crop, tilePx), caption: `slice ${index}  score ${decimals(score, 2)}` };
  });
  return montage(title, panels, shown);
}

/**
 * The same of a classifier: the slices with the highest scores, whole, with its heat as a share of the highest in the volume, and the outline of half of that.
 * @param prediction - Of this volume.
 */
export function heatPicture(
  title: string,
  volume: Volume,
  { heat, sliceScores }: { readonly heat: Volume; readonly sliceScores: readonly number[] },
  options: OverlayOptions,
  window: Window,
): Bitmap | null {
  const highest = heat.data.reduce((most, v) => Math.max(most, v), 0);
  const share = { ...heat, data: heat.data.map((v) => (highest === 0 ? 0 : v / highest)) };
  return overlayPicture(title, volume, { lesion: share, gate: null, sliceScores }, options, window, "heat");
}

/** Boxes of a detector are drawn from this score on; YOLOv5's. */
const leastDrawn = 0.25;

/**
 * The same of a detector: the slices with the highest scores, whole, with the boxes that it is sure of.
 * @param prediction - Of this volume, sliced along its own axis.
 */
export function boxesPicture(
  title: string,
  volume: Volume,
  { detections, sliceScores }: Pick<VolumeBoxes, "detections" | "sliceScores">,
  { slices, tilePx }: OverlayOptions,
  window: Window,
): Bitmap | null {
  if (slices === 0) return null;
  const { geometry, stack } = hung(volume, window);
  const panels = highest(sliceScores, slices).map(({ score, index }) => {
    const grey = stack.slices[index]!;
    const shown = detections[index]!.filter((one) => one.score >= leastDrawn);
    const outlines = shown.map(({ box }) => {
      const mask = rectangleMask(prepareRectangle(box, volume, geometry), grey);
      return { mask, colour: predictionColour, where: "outside" as const };
    });
    const crop = cropAround(grey, [], 0, 0);
    const best = detections[index]![0]?.score ?? 0;
    return { picture: drawOverlay({ grey, probability: null, outlines }, crop, tilePx), caption: `slice ${index}  score ${decimals(score, 2)}  box ${best.toFixed(2)}` }; // biome-ignore format: one line
  });
  return montage(title, panels);
}

/** A volume at its own pixels, hung as a radiologist does. */
function hung(volume: Volume, window: Window) {
  const inPlane = affineSpacing(volume.affine).filter((_, axis) => axis !== sliceAxis(volume));
  const geometry = { pixelMm: Math.min(10, Math.max(0.1, Math.min(...inPlane))), orientation: "canonical" } as const;
  return { geometry, stack: prepareStack(volume, { ...geometry, ...forTheEye(window) }) };
}

function highest(scores: readonly number[], count: number): { readonly score: number; readonly index: number }[] {
  const order = scores.map((score, index) => ({ score, index }));
  return order.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, count);
}

function aboveHalf(image: Image): Image<Uint8Array> {
  return { ...image, data: Uint8Array.from(image.data, (p) => (p >= 0.5 ? 1 : 0)) };
}
