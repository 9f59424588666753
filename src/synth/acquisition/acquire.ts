import type { LabelVolume, Volume } from "../../core/volume.ts";
import type { Scene } from "../scene.ts";
import type { Acquisition } from "./draw.ts";

/** A thick stack and its label maps, on one grid; slices lie along the third array axis. */
export interface Stack {
  readonly image: Volume<Float32Array>;
  readonly tissue: LabelVolume;
  /** 1 where at least half of the voxel is blood. */
  readonly lesion: LabelVolume;
  /** 1 inside the skull's inner table. */
  readonly brain: LabelVolume;
}

export function acquireStack(_scene: Scene, _acquisition: Acquisition): Stack {
  throw new RangeError("acquireStack: not written yet");
}
