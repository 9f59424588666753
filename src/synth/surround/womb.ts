import { rotationMatrix, type Vec3 } from "../../core/affine.ts";
import { signedDistance } from "../../core/distance.ts";
import { type Canvas, voxelsWithin } from "./canvas.ts";
import { type CoarseField, coarseField, coarseRow, smoothMin } from "./coarse.ts";
import type { Uterus } from "./draw.ts";
import { boundsOf, distanceOf } from "./solid.ts";
import type { Texture } from "./texture.ts";

/** Smooth distances that the womb is painted from, mm; negative inside. */
export interface WombFields {
  /** To the fetus without its head. */
  readonly body: CoarseField;
  /** To the amniotic sac's inner wall. */
  readonly sac: CoarseField;
  /** To the maternal side of the placenta; the sac's inner wall where there is none. */
  readonly placenta: CoarseField;
  /** To the outside of the uterine wall. */
  readonly uterus: CoarseField;
  /** To the mother's skin. */
  readonly skin: CoarseField;
}

/** Points of the coarse fields are about this far apart, mm. */
const coarseMm = 3;

/** Works out the womb's shape around the head and the solids of the fetus. */
export function wombFields(canvas: Canvas, isHead: (index: number) => boolean, uterus: Uterus, texture: Texture): WombFields {
  const step = Math.max(1, Math.round(coarseMm / Math.max(...canvas.spacing)));
  const make = () => coarseField(canvas.shape, step);
  const fields = { body: make(), sac: make(), placenta: make(), uterus: make(), skin: make() };
  const { shape } = fields.body;
  const head = headDistance(canvas, isHead, fields.body);
  fillBody(canvas, uterus, fields.body);
  const { sac, mother } = uterus;
  const thickness = uterus.head.gapMm + uterus.head.skullMm + uterus.head.scalpMm;
  const pools = sac.pools.map(distanceOf);
  const skinAt = skinDistance(uterus);
  const a = canvas.toLocal;
  for (let k = 0, p = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, p++) {
        const [vx, vy, vz] = [i * step, j * step, k * step];
        const x = a[0] * vx + a[1] * vy + a[2] * vz + a[3];
        const y = a[4] * vx + a[5] * vy + a[6] * vz + a[7];
        const z = a[8] * vx + a[9] * vy + a[10] * vz + a[11];
        const wave = texture.at(x / 22, y / 22, z / 22);
        const fetus = smoothMin(head[p]! - thickness, fields.body.data[p]!, 6);
        let inner = fetus - Math.max(-2.5, sac.pocketMm + sac.pocketVariationMm * wave);
        for (const pool of pools) inner = smoothMin(inner, pool(x, y, z) + 3 * wave, 14);
        const maternal = inner - placentaThickness(sac, x, y, z) * (1 + 0.15 * wave);
        const outer = maternal - sac.wallMm * (1 + 0.25 * texture.at(x / 9, y / 9, z / 9));
        fields.sac.data[p] = inner;
        fields.placenta.data[p] = maternal;
        fields.uterus.data[p] = outer;
        // Her body always closes around the uterus, however far it reaches.
        fields.skin.data[p] = Math.min(skinAt(x, y, z), outer - mother.fatMm - mother.muscleMm);
      }
    }
  }
  return fields;
}

/** Thickness of the placenta in the direction of a point, mm: a cap that thins out towards its edge. */
function placentaThickness(
  { middle, placentaDirection: d, placentaReach, placentaMm }: Uterus["sac"],
  x: number,
  y: number,
  z: number,
): number {
  const [dx, dy, dz] = [x - middle[0], y - middle[1], z - middle[2]];
  const cosine = (dx * d[0] + dy * d[1] + dz * d[2]) / Math.max(1, Math.sqrt(dx * dx + dy * dy + dz * dz));
  return placentaMm * Math.sqrt(Math.min(1, Math.max(0, (cosine - placentaReach) / 0.35)));
}

function headDistance(canvas: Canvas, isHead: (index: number) => boolean, { shape, step }: CoarseField): Float32Array {
  const [cx, cy, cz] = canvas.shape;
  const [nx, ny] = shape;
  const isInside = (p: number): boolean => {
    const i = (p % nx) * step;
    const j = (Math.floor(p / nx) % ny) * step;
    const k = Math.floor(p / (nx * ny)) * step;
    return i < cx && j < cy && k < cz && isHead(i + cx * (j + cy * k));
  };
  return signedDistance(isInside, shape, [step * canvas.spacing[0], step * canvas.spacing[1], step * canvas.spacing[2]]);
}

/** How far from a solid of the fetus its distance is worked out, mm; beyond, `data` keeps a lower bound of no consequence. */
const bodyReach = 40;

/** Distance to the nearest solid of the fetus, with fillets. */
function fillBody(canvas: Canvas, { solids }: Uterus, { shape, step, data }: CoarseField): void {
  data.fill(1.5 * bodyReach);
  const a = canvas.toLocal;
  for (const solid of solids) {
    const box = solid.part === "fetus" ? voxelsWithin(canvas, boundsOf(solid.shape), bodyReach) : null;
    if (box === null) continue;
    const [low, high] = box.map((v) => v.map((n) => Math.floor(n / step))) as unknown as readonly [Vec3, Vec3];
    const distance = distanceOf(solid.shape);
    for (let k = low[2]; k <= Math.min(shape[2] - 1, high[2] + 1); k++) {
      for (let j = low[1]; j <= Math.min(shape[1] - 1, high[1] + 1); j++) {
        for (let i = low[0]; i <= Math.min(shape[0] - 1, high[0] + 1); i++) {
          const [vx, vy, vz] = [i * step, j * step, k * step];
          const x = a[0] * vx + a[1] * vy + a[2] * vz + a[3];
          const y = a[4] * vx + a[5] * vy + a[6] * vz + a[7];
          const z = a[8] * vx + a[9] * vy + a[10] * vz + a[11];
          const p = i + shape[0] * (j + shape[1] * k);
          data[p] = smoothMin(data[p]!, distance(x, y, z), 6);
        }
      }
    }
  }
}

/** Signed distance to the mother's skin: first order to an ellipse around her axis. */
function skinDistance({ mother }: Uterus): (x: number, y: number, z: number) => number {
  const m = rotationMatrix(mother.turn);
  const [cx, cy, cz] = mother.centre;
  const [a, b] = mother.halfAxesMm;
  return (x, y, z) => {
    const u = (m[0] * (x - cx) + m[3] * (y - cy) + m[6] * (z - cz)) / a;
    const v = (m[1] * (x - cx) + m[4] * (y - cy) + m[7] * (z - cz)) / b;
    const k0 = Math.sqrt(u * u + v * v);
    const k1 = Math.sqrt((u * u) / (a * a) + (v * v) / (b * b));
    return k1 < 1e-9 ? -b : (k0 * (k0 - 1)) / k1;
  };
}

/** Rows of textures and fields that one line of voxels needs. */
interface Line {
  readonly skin: Float32Array;
  readonly sac: Float32Array;
  readonly placenta: Float32Array;
  readonly uterus: Float32Array;
  readonly broad: Float32Array;
  readonly fine: Float32Array;
}

const broadMm = 9;
const fineMm = 1.8;

/** Returns a function that fills a line for row (j, k); the line is the same one each time. */
function lineReader(canvas: Canvas, fields: WombFields, texture: Texture): (j: number, k: number) => Line {
  const width = canvas.shape[0];
  const row = () => new Float32Array(width);
  const line = { skin: row(), sac: row(), placenta: row(), uterus: row(), broad: row(), fine: row() };
  const scratch = new Float32Array(fields.sac.shape[0]);
  const a = canvas.toLocal;
  return (j, k) => {
    for (const name of ["skin", "sac", "placenta", "uterus"] as const) coarseRow(fields[name], j, k, line[name], scratch);
    const start = [a[1] * j + a[2] * k + a[3], a[5] * j + a[6] * k + a[7], a[9] * j + a[10] * k + a[11]] as const;
    for (const [out, mm] of [
      [line.broad, broadMm],
      [line.fine, fineMm],
    ] as const) {
      texture.row([start[0] / mm + 7, start[1] / mm + 3, start[2] / mm], [a[0] / mm, a[4] / mm, a[8] / mm], out);
    }
    return line;
  };
}

/** Paints what is seen of the canvas but for solids: air, fat, muscle, the abdomen's mixed content; uterine wall, placenta and amniotic fluid over it. */
export function paintWomb(canvas: Canvas, fields: WombFields, uterus: Uterus, texture: Texture): void {
  const { shape, data, seen } = canvas;
  const read = lineReader(canvas, fields, texture);
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      const [first, last] = [seen.first[j + shape[1] * k]!, seen.last[j + shape[1] * k]!];
      if (first > last) continue;
      const line = read(j, k);
      const row = shape[0] * (j + shape[1] * k);
      for (let i = first; i <= last; i++) {
        const wave = line.broad[i]!;
        const grain = line.fine[i]!;
        const outer = line.uterus[i]!;
        const below = outer > -1 ? motherLevel(uterus, -line.skin[i]!, wave, grain) : 0;
        data[row + i] = outer > 1 ? below : wombLevel(uterus, below, [outer, line.placenta[i]!, line.sac[i]!], wave, grain);
      }
    }
  }
}

/** Signal of the mother `depth` mm under her skin. */
function motherLevel({ levels, mother }: Uterus, depth: number, wave: number, grain: number): number {
  const edge = 1.2;
  if (depth <= -edge) return levels.air;
  const fat = mother.fatMm * (1 + 0.12 * wave);
  const skin = depth > 0 && depth < 2.5 ? 0.75 : 1; // darker than the fat under it
  const outside = mix(levels.air, skin * levels.fat * (1 + 0.02 * grain), depth / edge);
  if (depth < fat - edge) return outside;
  const muscle = mix(outside, levels.muscle * Math.max(0, 1 + 0.25 * grain), (depth - fat) / edge);
  const inside = knotted(mother.abdomen, wave) * Math.max(0, 1 + 0.22 * grain);
  return mix(muscle, inside, (depth - fat - mother.muscleMm * (1 + 0.3 * wave)) / edge);
}

/** Signal inside the uterus over `below`, by the distances to its outside, the placenta's maternal side and the sac. */
function wombLevel(
  uterus: Uterus,
  below: number,
  [outer, maternal, inner]: readonly [number, number, number],
  wave: number,
  grain: number,
): number {
  const { levels, sac } = uterus;
  let value = below;
  if (maternal > -1) value = mix(value, wallLevel(levels, outer, maternal, wave, grain), 0.5 - outer);
  if (maternal < 1 && inner > -1) value = mix(value, placentaLevel(levels, -maternal, wave, grain), 0.5 - maternal);
  if (inner < 1) value = mix(value, levels.fluid * (1 - sac.swirl * Math.max(0, wave - 0.3)) * (1 + 0.01 * grain), 0.5 - inner);
  return Math.max(0, value);
}

/** `outer` below 0 and `inner` above 0 inside the wall, mm. A darker band inside, flow voids of vessels near the outer side. */
function wallLevel(levels: Uterus["levels"], outer: number, inner: number, wave: number, grain: number): number {
  const position = inner / Math.max(0.1, inner - outer); // 0 at the inner side, 1 at the outer
  const band = inner < 1.5 ? 0.55 : 1;
  if (position > 0.45 && grain > 1.35 && wave > -0.2) return levels.vessel;
  if (position > 0.75 && grain < -1.5) return 0.8;
  return levels.uterineWall * band * (1 + 0.1 * grain + 0.15 * wave);
}

/** `depth` mm from the maternal side. Lobes, small vessels, and the dark line at the base. */
function placentaLevel(levels: Uterus["levels"], depth: number, wave: number, grain: number): number {
  if (depth < 1) return levels.placenta * 0.55;
  if (grain > 2 && wave > 0) return levels.placenta * 0.35;
  return levels.placenta * (1 + 0.05 * grain + 0.07 * wave);
}

function mix(below: number, above: number, share: number): number {
  return share <= 0 ? below : share >= 1 ? above : below + share * (above - below);
}

/** Piecewise linear through five knots at -2, -1, 0, 1, 2. */
function knotted(knots: readonly number[], t: number): number {
  const at = Math.min(3.999, Math.max(0, t + 2));
  const n = Math.floor(at);
  return knots[n]! + (at - n) * (knots[n + 1]! - knots[n]!);
}
