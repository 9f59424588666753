import type { Rng } from "../../../core/rng.ts";
import { lesionOptions } from "../../bleed/options.ts";
import { controlOptions } from "../../controls/options.ts";
import { drawScene, repaintScene, type SceneDraw } from "../../draw.ts";
import type { ChoroidPlexus } from "../../negatives/negative.ts";
import { negativeOptions } from "../../negatives/options.ts";
import { type NormalCase, prepareCase } from "../../normal/case.ts";
import { buildPhantom } from "../../phantom/build.ts";
import { drawPhantom, type PhantomAnatomy } from "../../phantom/draw.ts";
import type { Scene } from "../../scene.ts";
import { UnfitError } from "../../unfit.ts";
import type { CranialUltrasoundOptions } from "./options.ts";

/** The brain of one neonate, fully decided: plain JSON. Anatomy and bleeds are those of the fetal phantom, whose weeks a preterm brain shares. */
export interface NeonatalBrain {
  /** Voxels that it is built of, mm; frames are smooth between them. */
  readonly voxelMm: number;
  readonly anatomy: PhantomAnatomy;
  readonly draw: SceneDraw;
}

/** What of a brain is scanned. */
export type NeonatalHead = Pick<Scene, "tissue" | "lesion"> & { readonly plexus: readonly ChoroidPlexus[] };

/** Brains that are tried until a bleed fits. */
const brains = 6;

/**
 * Draws a brain and builds it.
 *
 * @param age - Postmenstrual age, weeks.
 * @throws {UnfitError} If no bleed of the options fits any of six brains.
 */
export function drawBrain(
  rng: Rng,
  age: number,
  bleeds: boolean,
  options: Pick<CranialUltrasoundOptions, "grades" | "wideVentricles" | "voxelMm">,
): { readonly brain: NeonatalBrain; readonly head: NeonatalHead } {
  const { voxelMm } = options;
  const sceneOptions = sceneOptionsOf(options);
  for (let attempt = 0; ; attempt++) {
    const own = rng.fork(attempt);
    const anatomy = drawPhantom(own.fork("anatomy"), age);
    try {
      const { scene, draw } = drawScene(own.fork("scene"), normalCase(anatomy, voxelMm), !bleeds, sceneOptions);
      return { brain: { voxelMm, anatomy, draw }, head: headOf(scene, draw) };
    } catch (error) {
      if (!(error instanceof UnfitError) || attempt === brains - 1) throw error;
    }
  }
}

/** Builds a drawn brain again: the same voxels. */
export function rebuildBrain({ voxelMm, anatomy, draw }: NeonatalBrain): NeonatalHead {
  return headOf(repaintScene(normalCase(anatomy, voxelMm), draw), draw);
}

function normalCase(anatomy: PhantomAnatomy, voxelMm: number): NormalCase {
  const { image, tissue } = buildPhantom(anatomy, voxelMm);
  return prepareCase(image, tissue, anatomy.gestationalAge);
}

function headOf({ tissue, lesion }: Scene, { negatives }: SceneDraw): NeonatalHead {
  return { tissue, lesion, plexus: negatives.structures.filter((one) => one.kind === "choroidPlexus") };
}

/** Every neonate has choroid plexus; what looks like blood on MRI alone is left out. */
function sceneOptionsOf({ grades, wideVentricles }: Pick<CranialUltrasoundOptions, "grades" | "wideVentricles">) {
  const none = { rate: 0 };
  return {
    lesion: lesionOptions.parse({ grades }),
    negatives: negativeOptions.parse({
      choroidPlexus: { rate: 1, thickness: [0.45, 0.8] },
      eminence: none,
      calcification: none,
      septum: { rate: 0.1 },
      ventriculomegaly: { rate: wideVentricles },
    }),
    control: controlOptions.parse({ kind: "full" }),
  };
}
