import { affineSpacing } from "../../core/affine.ts";
import type { Image, Volume } from "../../core/volume.ts";
import { prepareMap, prepareMask, prepareStack } from "../../data/preprocess.ts";
import type { Bitmap } from "../../picture/bitmap.ts";
import { montage } from "../../picture/montage.ts";
import { cropAround, drawOverlay, predictionColour } from "../../picture/overlay.ts";
import type { OverlayOptions } from "./options.ts";
import type { VolumePrediction } from "./volume.ts";

/** Shown around the brain, and shown at least, mm. */
const marginMm = 8;
const leastMm = 60;

/**
 * The slices of a volume with the highest scores, hung as a radiologist does: image in grey, probability in colour, and the
 * outline of probability 0.5; cut to the gate where it is not open everywhere. null where no slices are wanted.
 *
 * @param prediction - Of this volume.
 */
export function overlayPicture(
  title: string,
  volume: Volume,
  prediction: Pick<VolumePrediction, "lesion" | "gate" | "sliceScores" | "axis">,
  { slices, tilePx }: OverlayOptions,
): Bitmap | null {
  if (slices === 0) return null;
  const inPlane = affineSpacing(volume.affine).filter((_, axis) => axis !== prediction.axis);
  const geometry = { pixelMm: Math.min(10, Math.max(0.1, Math.min(...inPlane))), orientation: "canonical" } as const;
  const stack = prepareStack(volume, { ...geometry, whitePercentile: 99.5, clip: 4 });
  const probability = prepareMap(prediction.lesion, geometry);
  const gate = prediction.gate && prepareMask(prediction.gate, geometry);
  const order = prediction.sliceScores.map((score, index) => ({ score, index }));
  const best = order.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, slices);
  const shown = gate === null ? [] : best.map(({ index }) => gate[index]!);
  const pixels = (mm: number) => Math.round(mm / geometry.pixelMm);
  const crop = cropAround(probability[0]!, shown, pixels(marginMm), pixels(leastMm));
  const panels = best.map(({ score, index }) => {
    const p = probability[index]!;
    const layers = {
      grey: stack.slices[index]!,
      probability: p,
      outlines: [{ mask: aboveHalf(p), colour: predictionColour, where: "inside" as const }],
    };
    return { picture: drawOverlay(layers, crop, tilePx), caption: `slice ${index}  score ${score.toFixed(2)}` };
  });
  return montage(title, panels);
}

function aboveHalf(image: Image): Image<Uint8Array> {
  return { ...image, data: Uint8Array.from(image.data, (p) => (p >= 0.5 ? 1 : 0)) };
}
