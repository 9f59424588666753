import { bothSides, clamp, ellipsoid, type Field, joined, roundTube, smoothMax, smoothstep, without } from "../phantom/fields.ts";
import { type Bounds, latticeField, redistance, sampleField, smoothed } from "../phantom/lattice.ts";

/** Size of a head: factors of the template along left-right, front-back and up. */
export type HeadScale = readonly [number, number, number];

/**
 * Template millimetres: x to the right, y to the front, z up; x = 0 is the midline, z = 0 the plane of the commissures, y = 0 the middle of the
 * brain, 17 mm behind the anterior commissure. The frame of all anatomy of the head; proportions after adult atlases, by eye.
 */
export const headBounds: Bounds = { low: [-92, -112, -72], high: [92, 112, 96] };

/** The petrous bone of the right side, a ridge between the fossae; the left one is its mirror image. */
export const petrous: Field = bothSides(ellipsoid([36, -14, -34], [27, 8, 10], { yaw: -32 }));

/** Vault over both hemispheres: an egg, broader behind, flat below. */
const vault: Field = (x, y, z) => {
  const wide = 67 * (1 - (0.09 * clamp(y, -87, 87)) / 87);
  const floor = 24 - (9 - 0.04 * Math.abs(x)) * smoothstep(8, 32, y);
  const high = z > 0 ? 70 : floor;
  const n = z > 0 ? 2.25 : 3;
  const r = (Math.abs(x / wide) ** n + Math.abs(y / 85) ** n + Math.abs(z / high) ** n) ** (1 / n);
  return (r - 1) * Math.min(wide, high);
};
const fossae: readonly Field[] = [
  bothSides(ellipsoid([40, 6, -20], [23, 35, 21])),
  ellipsoid([0, -42, -30], [52, 40, 31]),
  ellipsoid([0, -13, -32], [17, 20, 27]),
  ellipsoid([0, 16, -19], [15, 14, 9]),
  roundTube([{ at: [0, -24, -45], radius: 17 }, { at: [0, -28, -90], radius: 15 }], 2), // biome-ignore format: a line of stations
];

/** Signed distance to the inner table of the skull, mm, negative inside, at places of the head; the foramen magnum is open. */
export function innerTable([fx, fy, fz]: HeadScale): Field {
  const solid = without(joined(5, vault, ...fossae), petrous, 3);
  const step = 2;
  const coarse = sampleField((x, y, z) => solid(x / fx, y / fy, z / fz), headBounds, step);
  const lattice = smoothed(redistance(coarse), 2); // flat parts, cut at a small angle, show every step of the lattice
  return latticeField(lattice);
}

/** Thickness of the skull in the head's own mm: thick in front and behind, thin at the temples. */
export function skullThickness(x: number, y: number, z: number, usual: number): number {
  const ends = 0.3 * (y / 85) ** 2;
  const temple = 0.5 * smoothstep(40, 62, Math.abs(x)) * smoothstep(45, 5, Math.abs(z)) * smoothstep(-45, -10, y);
  return usual * (1 + ends - temple);
}

/** Face and neck below the skull, and their outline with it: signed distance to the skin. */
const face = ellipsoid([0, 40, -56], [63, 58, 62]);
const neck = ellipsoid([0, -22, -100], [62, 72, 70]);
const nose = ellipsoid([0, 100, -50], [12, 14, 22]);

/** Signed distance to the skin; `wall` to the inner table, `cover` the thickness of bone and scalp there. */
export function skinDistance(x: number, y: number, z: number, wall: number, cover: number): number {
  const low = z < 10 ? Math.min(face(x, y, z), neck(x, y, z), nose(x, y, z)) : 1e3;
  const k = 8;
  const h = k - Math.abs(wall - cover - low);
  return Math.min(wall - cover, low) - (h > 0 ? (h * h) / (4 * k) : 0);
}

/** Air in the bone and the nose: frontal, ethmoid, sphenoid and maxillary sinuses, the nose itself. */
export const sinuses: Field = joined(
  1,
  bothSides(ellipsoid([11, 89, 2], [12, 5, 13], { roll: -20 })),
  bothSides(ellipsoid([6.5, 58, -30], [5.5, 24, 12])),
  bothSides(ellipsoid([8, 24, -38], [8, 12, 9])),
  bothSides(ellipsoid([30, 60, -63], [15, 16, 14])),
  ellipsoid([0, 70, -62], [10, 26, 18]),
);

/** Air cells of the mastoid and about the ear, and the ear canal. */
export const mastoid: Field = bothSides(
  joined(3, ellipsoid([56, -24, -44], [12, 15, 17]), roundTube([{ at: [40, -12, -36], radius: 3 }, { at: [82, -14, -38], radius: 3.5 }], 2)), // biome-ignore format: a line of stations
);

/** Eye socket of the right side, as a cone of fat, with what lies in it. */
const eyeAt = [31, 72, -26] as const;
const socket = bothSides(joined(6, ellipsoid(eyeAt, [19, 19, 18]), ellipsoid([25, 50, -26], [11, 22, 11], { yaw: 12 })));
const eyeball = bothSides(ellipsoid(eyeAt, [12, 12, 12]));
const lens = bothSides(ellipsoid([31.5, 81, -26], [4.6, 2, 4.6]));
const nerve = bothSides(roundTube([{ at: [30, 61, -26], radius: 2.2 }, { at: [12, 30, -24], radius: 2.2 }], 1)); // biome-ignore format: a line of stations
const eyeMuscles = bothSides(
  joined(
    0.5,
    roundTube([{ at: [43, 68, -26], radius: 2 }, { at: [20, 36, -26], radius: 1.6 }], 1), // biome-ignore format: a line of stations
    roundTube([{ at: [19, 68, -26], radius: 2 }, { at: [17, 36, -26], radius: 1.6 }], 1), // biome-ignore format: a line of stations
  ),
);
export const orbit = { socket, eyeball, lens, nerve, muscles: eyeMuscles } as const;

/** Whether a place is in the bone of the skull's base, which is more than a shell about the cavity. */
export const baseBone: Field = joined(
  4,
  petrous,
  bothSides(ellipsoid([52, -22, -42], [17, 20, 22])),
  ellipsoid([0, 18, -40], [16, 24, 14]),
  (x, y, z) => smoothMax(Math.abs(z + 22) - 4, Math.hypot(x / 1.1, y - 45) - 42, 2),
);
