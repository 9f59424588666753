import { composeAffine, type Vec3 } from "../../core/affine.ts";
import { boxOf } from "../../core/box.ts";
import type { LabelVolume, Volume, Voxels } from "../../core/volume.ts";

/** Cuts an image and its label map down to the box of what they show (label not 0, or signal above `threshold`); world places stay. */
export function cropToContent(
  image: Volume<Float32Array>,
  tissue: LabelVolume,
  threshold: number,
): { image: Volume<Float32Array>; tissue: LabelVolume } {
  const box = boxOf(
    tissue.data.map((id, i) => (id !== 0 || image.data[i]! > threshold ? 1 : 0)),
    tissue.shape,
  );
  if (box === null) return { image, tissue };
  const { low: from, high } = box;
  const shape = high.map((v, a) => v - from[a]! + 1) as unknown as Vec3;
  const cut = <D extends Voxels>(volume: Volume<D>): Volume<D> => {
    const data = new (volume.data.constructor as new (n: number) => D)(shape[0] * shape[1] * shape[2]);
    for (let z = 0, o = 0; z < shape[2]; z++) {
      for (let y = 0; y < shape[1]; y++, o += shape[0]) {
        const start = from[0] + volume.shape[0] * (from[1] + y + volume.shape[1] * (from[2] + z));
        data.set(volume.data.subarray(start, start + shape[0]), o);
      }
    }
    return { data, shape, affine: composeAffine(volume.affine, [1, 0, 0, from[0], 0, 1, 0, from[1], 0, 0, 1, from[2]]) };
  };
  return { image: cut(image), tissue: cut(tissue) };
}
