import { composeAffine, invertAffine } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import { type LabelVolume, voxelCount } from "../../core/volume.ts";
import type { Scene } from "../scene.ts";
import type { Acquisition } from "./draw.ts";
import { poseAffine } from "./geometry.ts";
import { nearestPlane } from "./resample.ts";

/**
 * The tissue of a stack that `acquireStack` takes of the same scene: in each voxel the one that fills most of it, weighted by the
 * slice profile, in the pose that the slice was taken in. Of equal shares the lower id.
 */
export function acquireTissue(scene: Pick<Scene, "tissue">, { grid, profile, poses, pivot }: Acquisition): LabelVolume {
  const { shape, affine } = grid;
  const plane = shape[0] * shape[1];
  const count = Object.keys(tissues).length;
  const data = new Uint8Array(voxelCount(shape));
  const ids = new Uint8Array(plane);
  const share = new Float32Array(count * plane);
  const toScene = invertAffine(scene.tissue.affine);
  for (let k = 0; k < shape[2]; k++) {
    const m = composeAffine(toScene, composeAffine(poseAffine(poses[k]!, pivot), affine));
    share.fill(0);
    for (const [p, offset] of profile.offsetsMm.entries()) {
      ids.fill(0);
      nearestPlane(
        ids,
        [shape[0], shape[1]],
        scene.tissue.data,
        scene.tissue.shape,
        m,
        k + offset / (grid.thicknessMm + grid.gapMm),
      );
      for (let i = 0; i < plane; i++) share[count * i + ids[i]!]! += profile.weights[p]!;
    }
    for (let i = 0; i < plane; i++) {
      let best = 0;
      for (let id = 1; id < count; id++) if (share[count * i + id]! > share[count * i + best]!) best = id;
      data[k * plane + i] = best;
    }
  }
  return { data, shape, affine };
}
