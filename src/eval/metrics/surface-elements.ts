import type { Vec3 } from "../../core/affine.ts";

/**
 * The triangles of marching cubes within each of the 256 ways in which the 8 voxels around a corner can lie in a set: a letter for each triangle,
 * for the direction and length of its normal. The first 128; the others are the same from the last to the first, inside turned out.
 *
 * Source: lookup_tables.py of surface-distance, DeepMind, Apache-2.0, https://github.com/google-deepmind/surface-distance.
 */
const triangles = `
  - d d cc d bb dd dex d dd bb dex cc dex dex xx d aa dd dey dd dez ddd ddee dd aad bbd abdf ccd acdf ddex dex d
  dd aa dey dd bbd aad abdf dd ddd dez ddee ccd ddex acdf dex cc dey dey yy ccd bcdf ddey dey ccd ddey bcdf dey
  cccc ccd ccd cc d dd dd ccd aa dez aad acdf dd ddd bbd ddex dey ddee abdf dex bb dez bbd bcdf dez zz ddez dez
  bbd ddez bbbb bbd bcdf dez bbd bb dd ddd aad ddey aad ddez aaaa aad ddd dddd ddez ddd ddey ddd aad dd dex ddee
  abdf dey acdf dez aad aa ddex ddd bbd dd ccd dd dd d`.trim().split(/\s+/); // biome-ignore format: a table

/** mm² of the surface around a corner for each of the 256 codes of {@link surfaceElements}. */
export function elementAreas([sx, sy, sz]: Vec3): Float64Array {
  const [x, y, z] = [sy * sz, sx * sz, sx * sy];
  const diagonal = Math.hypot(x, y, z);
  const area: Readonly<Record<string, number>> = {
    x: x / 2, y: y / 2, z: z / 2,
    a: Math.hypot(y, z) / 4, b: Math.hypot(x, z) / 4, c: Math.hypot(x, y) / 4,
    d: diagonal / 8, e: diagonal / 4, f: (3 * diagonal) / 8, "-": 0,
  }; // biome-ignore format: a table
  return Float64Array.from({ length: 256 }, (_, code) =>
    [...triangles[Math.min(code, 255 - code)]!].reduce((sum, letter) => sum + area[letter]!, 0),
  );
}

/** mm of the contour around a corner for each of the 16 codes of {@link surfaceElements} in 2-D. */
export function elementLengths([su, sv]: readonly [number, number]): Float64Array {
  const corner = Math.hypot(su, sv) / 2;
  const half = [0, corner, corner, sv, corner, su, 2 * corner, corner];
  return Float64Array.from({ length: 16 }, (_, code) => half[Math.min(code, 15 - code)]!);
}

/** The corners between voxels of a grid, one more than voxels along each axis but the one across a lone slice. */
export interface Corners {
  readonly shape: Vec3;
  /** Which of the voxels around a corner lie in the set, a bit each: 0 for none, `full` for all; else its surface passes there. */
  readonly codes: Uint8Array;
  readonly full: number;
}

/** Where the surface of a set runs. @param flat - The axis across a lone slice; null for a volume. */
export function surfaceElements(mask: Uint8Array, shape: Vec3, flat: 0 | 1 | 2 | null): Corners {
  const axes = ([0, 1, 2] as const).filter((axis) => axis !== flat);
  const size = shape.map((n, axis) => n + (axis === flat ? 0 : 1)) as unknown as Vec3;
  const stride = [1, size[0], size[0] * size[1]];
  const ways = 2 ** axes.length;
  const offset = Int32Array.from({ length: ways }, (_, way) =>
    axes.reduce<number>((sum, axis, k) => sum + ((way >> (axes.length - 1 - k)) & 1) * stride[axis]!, 0),
  );
  const codes = new Uint8Array(size[0] * size[1] * size[2]);
  for (let z = 0, i = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[0]; x++, i++) {
        if (mask[i] === 0) continue;
        const at = x + size[0] * (y + size[1] * z);
        for (let way = 0; way < ways; way++) codes[at + offset[way]!]! |= 1 << way;
      }
    }
  }
  return { shape: size, codes, full: 2 ** ways - 1 };
}
