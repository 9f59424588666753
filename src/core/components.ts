import type { Vec3 } from "./affine.ts";

/** What two voxels must share to be of one part, or a larger thing. */
export type Touch = "faces" | "edges" | "corners";

/** Connected parts of a set of voxels. */
export interface Components {
  /** 0 outside the set; 1, 2, … name the parts in the order in which their first voxel comes in the array. */
  readonly labels: Uint32Array;
  /** Voxels of each part: `sizes[k]` of part k; `sizes[0]` is 0. */
  readonly sizes: readonly number[];
}

/**
 * Parts of a set whose voxels touch by a face (`faces`), by a face or edge (`edges`), or by a face, edge or corner (`corners`): 6, 18 or 26
 * neighbours, in 2-D 4, 8 and 8.
 * A 2-D image is a volume of depth 1. Agrees with scipy.ndimage.label with the same neighbours.
 *
 * @param inside - True for the voxels of the set, by index (x fastest).
 */
export function connectedComponents(inside: (index: number) => boolean, shape: Vec3, touch: Touch): Components {
  const labels = new Uint32Array(shape[0] * shape[1] * shape[2]);
  const steps = neighbourSteps(touch);
  const sizes = [0];
  const queue: number[] = [];
  for (let seed = 0; seed < labels.length; seed++) {
    if (labels[seed] !== 0 || !inside(seed)) continue;
    const label = sizes.length;
    labels[seed] = label;
    queue.push(seed);
    let size = 0;
    while (queue.length > 0) {
      const at = queue.pop()!;
      size++;
      const x = at % shape[0];
      const y = Math.floor(at / shape[0]) % shape[1];
      const z = Math.floor(at / (shape[0] * shape[1]));
      for (let s = 0; s < steps.length; s += 3) {
        const nx = x + steps[s]!;
        const ny = y + steps[s + 1]!;
        const nz = z + steps[s + 2]!;
        if (nx < 0 || ny < 0 || nz < 0 || nx >= shape[0] || ny >= shape[1] || nz >= shape[2]) continue;
        const next = nx + shape[0] * (ny + shape[1] * nz);
        if (labels[next] !== 0 || !inside(next)) continue;
        labels[next] = label;
        queue.push(next);
      }
    }
    sizes.push(size);
  }
  return { labels, sizes };
}

/** Steps to the neighbours of a voxel, dx dy dz one after the other. */
function neighbourSteps(touch: Touch): Int8Array {
  const most = { faces: 1, edges: 2, corners: 3 }[touch];
  const steps: number[] = [];
  for (const dz of [-1, 0, 1]) {
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        const moved = Math.abs(dx) + Math.abs(dy) + Math.abs(dz);
        if (moved > 0 && moved <= most) steps.push(dx, dy, dz);
      }
    }
  }
  return Int8Array.from(steps);
}
