import { tissues } from "../../core/tissue.ts";
import { flatAxisOf, isThickStack, type LabelVolume, type Volume } from "../../core/volume.ts";
import type { CaseSignals } from "../bleed/draw.ts";
import type { Room } from "../bleed/plan.ts";
import { edgeSpread } from "../field/spread.ts";
import { type AgeEstimate, gestationalAgeOf } from "../priors/age.ts";
import { type Anatomy, readAnatomy } from "../priors/anatomy.ts";
import { widestAtrium } from "../priors/atrium.ts";
import type { Scene } from "../scene.ts";
import { UnfitError } from "../unfit.ts";
import { cropToContent } from "./crop.ts";
import { csfLevel, darkTissueOf } from "./normalise.ts";

/** A normal case made ready: intensities in units of its CSF, anatomy read. */
export interface NormalCase {
  readonly scene: Scene;
  readonly anatomy: Anatomy;
  readonly age: AgeEstimate;
  /** 90th percentile of CSF in the unit of the input. */
  readonly csf: number;
  readonly signals: CaseSignals;
  /** Widest atrium that each side has room for, mm. */
  readonly room: Room;
  /** True for a stack of thick slices or a lone slice, which keeps its grid; other volumes are cut to what they show, and sliced later. */
  readonly thick: boolean;
}

/**
 * Makes a normal case ready for bleeds.
 *
 * @param image - Finite, any unit.
 * @param tissue - On the image's grid.
 * @param weeks - Gestational age, or null if it is not known; then it is read from brain volume.
 *   A lone slice does not tell it: there it must be given.
 * @param byNetwork - Whether a tissue network drew the label map.
 * @throws {UnfitError} If the label map has no brain, no usable ventricles or no fluid, is of another shape than the image, or the
 *   age lies outside 18-40 weeks.
 */
export function prepareCase(
  image: Volume<Float32Array>,
  tissue: LabelVolume,
  weeks: number | null,
  byNetwork = false,
): NormalCase {
  checkInput(image, tissue, weeks);
  const csf = csfLevel(image, tissue);
  const thick = isThickStack(image.affine) || flatAxisOf(image.shape) !== null;
  const cut = thick ? { image, tissue } : cropToContent(image, tissue, 0.02 * csf);
  const scene: Scene = {
    image: { ...cut.image, data: cut.image.data.map((v) => v / csf) },
    tissue: cut.tissue,
    lesion: null,
    ...(thick && { spread: edgeSpread(cut) }),
  };
  const age = gestationalAgeOf(cut.tissue, weeks, byNetwork);
  const signals = { weeks: age.weeks, darkTissue: darkTissueOf(scene.image, cut.tissue) };
  const anatomy = readAnatomy(cut.tissue);
  const room = { left: widestAtrium(anatomy, "left"), right: widestAtrium(anatomy, "right") };
  return { scene, anatomy, age, csf, signals, room, thick };
}

function checkInput(image: Volume<Float32Array>, tissue: LabelVolume, weeks: number | null): void {
  if (tissue.shape.some((n, a) => n !== image.shape[a])) {
    throw new UnfitError(`labels of the image's shape, ${image.shape.join(" x ")}, are needed; got ${tissue.shape.join(" x ")}`);
  }
  if (!tissue.data.some((id) => id !== tissues.background)) throw new UnfitError("a labelled brain is needed; got none");
  if (weeks === null && flatAxisOf(image.shape) !== null) {
    throw new UnfitError("a lone slice does not tell its gestational age: it must be given; got none");
  }
  if (weeks !== null && !(weeks >= 18 && weeks <= 40)) {
    throw new UnfitError(`gestational age must be 18 to 40 weeks; got ${weeks}`);
  }
}
