import { affineSpacing, determinant } from "../../core/affine.ts";
import { UserError } from "../../core/errors.ts";
import { extractSlice, type Image, type Plane, type Volume } from "../../core/volume.ts";
import { type PreparedStack, type PreprocessOptions, prepareMask, prepareStack, restoreStack } from "../../data/preprocess.ts";
import { type Model, sliceLogits } from "../../models/index.ts";
import { segmentTissue, type TissueNetwork } from "../../tissue/segment.ts";
import { backgroundGate, type Gate, gatePixels, openGate, predictedGate, withoutSmallLesions } from "./gate.ts";
import type { PredictOptions } from "./options.ts";
import { sigmoid, sliceScore, stackScore } from "./score.ts";

/** A trained network with what it needs to be applied. */
export interface Segmenter {
  readonly model: Pick<Model, "apply" | "sizeMultiple">;
  readonly preprocess: PreprocessOptions;
  /** Meaning of the output channels, in order. */
  readonly outputs: readonly string[];
}

/**
 * Half the width of what may hang on the brain before it is cut off, mm. Our guess: on stacks of an early network 6 mm took off
 * more of what was no brain than 2 and 4 mm (Dice with the true brain .86 to .92 and .87 to .97), and at most 2 % of the brain.
 */
const neckMm = 6;

/** Where the gate of a volume came from; `background`: the zero background of an input that came brain-masked. */
export type GateSource = "predicted" | "background" | "given" | "tissue" | "none";

/** What is predicted for one volume. */
export interface VolumePrediction {
  /** Probability of a lesion on the volume's own grid, 0 outside the gate. */
  readonly lesion: Volume;
  /** Probability of brain, ungated; null when the network has no such output. */
  readonly brain: Volume | null;
  readonly axis: 0 | 1 | 2;
  readonly plane: Plane;
  readonly gateSource: GateSource;
  /** 1 inside the gate on the volume's own grid; null where it is open everywhere. */
  readonly gate: Volume<Uint8Array> | null;
  /** Volume inside the gate, mm³. */
  readonly gateMm3: number;
  /** Logit of each slice along `axis`; see score.ts. */
  readonly sliceScores: readonly number[];
  readonly stackScore: number;
  /** Volume with probability of at least 0.5 in each slice, mm³. */
  readonly sliceMm3: readonly number[];
}

/**
 * Predicts one volume: slices through the network, the brain found, lesions outside it dropped, everything put back on the grid.
 *
 * @param mask - Brain mask on the volume's grid, used with `gate: given`.
 * @param finder - The tissue network, used with `gate: tissue`.
 * @throws {UserError} (usage) If the gate needs what there is not; (numeric) if the network gives NaN.
 * @throws {StoppedError} If `signal` fires.
 */
export async function predictVolume(
  segmenter: Segmenter,
  volume: Volume,
  mask: Volume<Uint8Array> | Volume<Uint16Array> | null,
  options: PredictOptions,
  signal: AbortSignal,
  finder: TissueNetwork | null = null,
): Promise<VolumePrediction> {
  const { preprocess, outputs } = segmenter;
  const stack = prepareStack(volume, preprocess);
  const channels = await sliceLogits(segmenter.model, stack.slices, outputs.length, options, signal);
  const all = channels[outputs.indexOf("lesion")]!;
  const brain = channels[outputs.indexOf("brain")] ?? null;
  const voxelMm3 = stack.pixelMm[0] * stack.pixelMm[1] * affineSpacing(volume.affine)[stack.axis];
  const { gate, source } = await findGate({ volume, stack, brain, mask, finder }, preprocess, options, signal);
  const lesion = withoutSmallLesions(all, gate, options.minLesionMm3, voxelMm3);
  const pixelMm2 = stack.pixelMm[0] * stack.pixelMm[1];
  const sliceScores = lesion.map((slice, i) => sliceScore(slice, gate[i]!, pixelMm2, options.scores));
  const { probability, inside } = gatedProbability(lesion, gate, source === "given" ? mask : null, volume, preprocess);
  return {
    lesion: probability,
    brain: brain && mapVoxels(restoreStack(brain, volume, preprocess), sigmoid),
    axis: stack.axis,
    plane: stack.plane,
    gateSource: source,
    gate: source === "none" ? null : inside,
    gateMm3: gatePixels(gate) * voxelMm3,
    sliceScores,
    stackScore: stackScore(sliceScores, options.scores),
    sliceMm3: sliceVolumes(probability, stack.axis),
  };
}

/** What a gate can be made from. */
interface GateInputs {
  readonly volume: Volume;
  readonly stack: PreparedStack;
  /** Logits of the network's brain channel; null without one. */
  readonly brain: readonly Image[] | null;
  readonly mask: Volume<Uint8Array> | Volume<Uint16Array> | null;
  readonly finder: TissueNetwork | null;
}

async function findGate(
  { volume, stack, brain, mask, finder }: GateInputs,
  preprocess: PreprocessOptions,
  { gate }: PredictOptions,
  signal: AbortSignal,
): Promise<{ gate: Gate; source: GateSource }> {
  switch (gate) {
    case "none":
      return { gate: openGate(stack.slices), source: "none" };
    case "given":
      if (mask === null) throw new RangeError("predictVolume: gate is given, and there is no mask");
      return { gate: prepareMask(mask, preprocess), source: "given" };
    case "tissue": {
      if (finder === null) throw new RangeError("predictVolume: gate is tissue, and there is no tissue network");
      const masked = maskedGate(volume, preprocess);
      if (masked !== null) return { gate: masked, source: "background" };
      return { gate: prepareMask((await segmentTissue(finder, volume, null, signal)).brain, preprocess), source: "tissue" };
    }
    case "predicted": {
      const masked = maskedGate(volume, preprocess);
      if (masked !== null) return { gate: masked, source: "background" };
      if (brain === null)
        throw new UserError(
          "usage",
          "predict.gate: predicted needs a network with a brain output; got one without. Use gate: tissue, given or none.",
        );
      const voxelMm3 = stack.pixelMm[0] * stack.pixelMm[1] * affineSpacing(volume.affine)[stack.axis];
      return { gate: predictedGate(brain, voxelMm3, neckMm / Math.max(...stack.pixelMm)), source: "predicted" };
    }
    default:
      return gate satisfies never;
  }
}

/** The gate of an input that comes brain-masked, else null. */
function maskedGate(volume: Volume, preprocess: PreprocessOptions): Gate | null {
  return backgroundGate(volume, Math.abs(determinant(volume.affine)), (inside) => prepareMask(inside, preprocess));
}

/**
 * Logits and gate go back to the volume's grid apart, so that the gate's edge does not eat into the lesion beside it.
 * @param given - The gate on that grid, where it is known; it is kept to the voxel.
 */
function gatedProbability(
  lesion: readonly Image[],
  gate: Gate,
  given: Volume<Uint8Array> | Volume<Uint16Array> | null,
  grid: Volume,
  preprocess: PreprocessOptions,
): { probability: Volume; inside: Volume<Uint8Array> } {
  const inside =
    given === null
      ? restoredGate(gate, grid, preprocess)
      : { ...grid, data: Uint8Array.from(given.data, (v) => (v === 0 ? 0 : 1)) };
  const logits = restoreStack(lesion, grid, preprocess);
  return { probability: { ...logits, data: logits.data.map((v, i) => (inside.data[i] === 1 ? sigmoid(v) : 0)) }, inside };
}

function restoredGate(gate: Gate, grid: Volume, preprocess: PreprocessOptions): Volume<Uint8Array> {
  const shares = gate.map((slice) => ({ ...slice, data: Float32Array.from(slice.data) }));
  return { ...grid, data: Uint8Array.from(restoreStack(shares, grid, preprocess).data, (share) => (share >= 0.5 ? 1 : 0)) };
}

function mapVoxels(volume: Volume, f: (value: number) => number): Volume {
  return { ...volume, data: volume.data.map(f) };
}

function sliceVolumes(probability: Volume, axis: 0 | 1 | 2): number[] {
  const [x, y, z] = affineSpacing(probability.affine);
  return Array.from({ length: probability.shape[axis] }, (_, i) => {
    const inside = extractSlice(probability, axis, i).data.reduce((count, p) => count + (p >= 0.5 ? 1 : 0), 0);
    return inside * x * y * z;
  });
}
