import { signedDistance } from "../../core/distance.ts";
import { rotationMatrix } from "../acquisition/geometry.ts";
import type { Canvas } from "./canvas.ts";
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
  /** Thickness of the placenta at the nearest wall. */
  readonly placenta: CoarseField;
  /** To the mother's skin. */
  readonly skin: CoarseField;
}

/** Points of the coarse fields are about this far apart, mm. */
const coarseMm = 3;

/** Works out the womb's shape around the head and the solids of the fetus. */
export function wombFields(canvas: Canvas, isHead: (index: number) => boolean, uterus: Uterus, texture: Texture): WombFields {
  const step = Math.max(1, Math.round(coarseMm / Math.max(...canvas.spacing)));
  const make = () => coarseField(canvas.shape, step);
  const fields = { body: make(), sac: make(), placenta: make(), skin: make() };
  const { shape } = fields.body;
  const [nx, ny] = shape;
  const head = headDistance(canvas, isHead, fields.body);
  fillBody(canvas, uterus, fields.body);
  const { sac, head: shell } = uterus;
  const thickness = shell.gapMm + shell.skullMm + shell.scalpMm;
  const pools = sac.pools.map(distanceOf);
  const skinAt = skinDistance(uterus);
  const a = canvas.toLocal;
  let p = 0;
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, p++) {
        const [vx, vy, vz] = [i * step, j * step, k * step];
        const x = a[0] * vx + a[1] * vy + a[2] * vz + a[3];
        const y = a[4] * vx + a[5] * vy + a[6] * vz + a[7];
        const z = a[8] * vx + a[9] * vy + a[10] * vz + a[11];
        const wave = texture.at(x / 22, y / 22, z / 22);
        const fetus = smoothMin(head[p]! - thickness, fields.body.data[p]!, 6);
        let inner = fetus - Math.max(-2.5, sac.pocketMm + sac.pocketVariationMm * wave);
        for (const pool of pools) inner = smoothMin(inner, pool(x, y, z) + 3 * wave, 14);
        fields.sac.data[p] = inner;
        const outward = [x - sac.middle[0], y - sac.middle[1], z - sac.middle[2]] as const;
        const cosine =
          outward.reduce((sum, v, n) => sum + v * sac.placentaDirection[n]!, 0) / Math.max(1, Math.hypot(...outward));
        const cap = Math.min(1, Math.max(0, (cosine - sac.placentaReach) / 0.35));
        const thick = sac.placentaMm * Math.sqrt(cap) * (1 + 0.15 * wave);
        fields.placenta.data[p] = thick;
        // Her body always closes around the uterus, however far it reaches.
        fields.skin.data[p] = Math.min(
          skinAt(x, y, z),
          inner - thick - sac.wallMm - uterus.mother.fatMm - uterus.mother.muscleMm,
        );
      }
    }
  }
  return fields;
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

/** Distance to the nearest solid of the fetus, with fillets; far away only a lower bound of no consequence. */
function fillBody(canvas: Canvas, { solids }: Uterus, body: CoarseField): void {
  const { shape, step, data } = body;
  data.fill(60);
  const a = canvas.toLocal;
  for (const solid of solids) {
    if (solid.part !== "fetus") continue;
    const [low, high] = boundsOf(solid.shape);
    const distance = distanceOf(solid.shape);
    const reach = 40;
    let p = 0;
    for (let k = 0; k < shape[2]; k++) {
      for (let j = 0; j < shape[1]; j++) {
        for (let i = 0; i < shape[0]; i++, p++) {
          const [vx, vy, vz] = [i * step, j * step, k * step];
          const x = a[0] * vx + a[1] * vy + a[2] * vz + a[3];
          if (x < low[0] - reach || x > high[0] + reach) continue;
          const y = a[4] * vx + a[5] * vy + a[6] * vz + a[7];
          if (y < low[1] - reach || y > high[1] + reach) continue;
          const z = a[8] * vx + a[9] * vy + a[10] * vz + a[11];
          if (z < low[2] - reach || z > high[2] + reach) continue;
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
    const u = (m[0]! * (x - cx) + m[3]! * (y - cy) + m[6]! * (z - cz)) / a;
    const v = (m[1]! * (x - cx) + m[4]! * (y - cy) + m[7]! * (z - cz)) / b;
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
  readonly broad: Float32Array;
  readonly fine: Float32Array;
  readonly scratch: Float32Array;
}

function makeLine(width: number): Line {
  const row = () => new Float32Array(width);
  return { skin: row(), sac: row(), placenta: row(), broad: row(), fine: row(), scratch: row() };
}

const broadMm = 9;
const fineMm = 1.8;

function fillLine(line: Line, canvas: Canvas, fields: WombFields, texture: Texture, j: number, k: number): void {
  coarseRow(fields.sac, j, k, line.sac, line.scratch);
  coarseRow(fields.placenta, j, k, line.placenta, line.scratch);
  coarseRow(fields.skin, j, k, line.skin, line.scratch);
  const a = canvas.toLocal;
  const start = [a[1] * j + a[2] * k + a[3], a[5] * j + a[6] * k + a[7], a[9] * j + a[10] * k + a[11]] as const;
  for (const [out, mm] of [
    [line.broad, broadMm],
    [line.fine, fineMm],
  ] as const) {
    texture.row([start[0] / mm + 7, start[1] / mm + 3, start[2] / mm], [a[0] / mm, a[4] / mm, a[8] / mm], out);
  }
}

/** Paints the mother where there is no womb: air, fat, muscle and the abdomen's mixed content. */
export function paintMother(canvas: Canvas, fields: WombFields, uterus: Uterus, texture: Texture): void {
  const { shape, data } = canvas;
  const { levels, mother } = uterus;
  const line = makeLine(shape[0]);
  const edge = 1.2;
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      fillLine(line, canvas, fields, texture, j, k);
      const row = shape[0] * (j + shape[1] * k);
      for (let i = 0; i < shape[0]; i++) {
        const wave = line.broad[i]!;
        const grain = line.fine[i]!;
        const depth = -line.skin[i]!;
        const fat = mother.fatMm * (1 + 0.12 * wave);
        let value = levels.air;
        if (depth > -edge) {
          value = mix(value, levels.fat * (1 + 0.02 * grain), depth / edge);
          value = mix(value, levels.muscle * (1 + 0.25 * grain), (depth - fat) / edge);
          value = mix(
            value,
            knotted(mother.abdomen, wave) * (1 + 0.22 * grain),
            (depth - fat - mother.muscleMm * (1 + 0.3 * wave)) / edge,
          );
          if (depth < 2.5 && depth > 0) value *= 0.75; // the skin is darker than the fat under it
        }
        data[row + i] = value;
      }
    }
  }
}

/** Paints uterine wall, placenta and amniotic fluid over the mother. */
export function paintWomb(canvas: Canvas, fields: WombFields, uterus: Uterus, texture: Texture): void {
  const { shape, data } = canvas;
  const { levels, sac } = uterus;
  const line = makeLine(shape[0]);
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      fillLine(line, canvas, fields, texture, j, k);
      const row = shape[0] * (j + shape[1] * k);
      for (let i = 0; i < shape[0]; i++) {
        const wave = line.broad[i]!;
        const grain = line.fine[i]!;
        const inner = line.sac[i]!;
        const thick = line.placenta[i]!;
        const wall = sac.wallMm * (1 + 0.25 * wave);
        const outer = inner - thick - wall;
        if (outer > 1) continue;
        let value = mix(data[row + i]!, wallLevel(levels, outer / wall, wave, grain), 0.5 - outer);
        if (inner - thick < 1) value = mix(value, placentaLevel(levels, thick - inner, wave, grain), 0.5 - (inner - thick));
        if (inner < 1) {
          const fluid = levels.fluid * (1 - sac.swirl * Math.max(0, wave - 0.3)) * (1 + 0.01 * grain);
          value = mix(value, fluid, 0.5 - inner);
        }
        data[row + i] = Math.max(0, value);
      }
    }
  }
}

/** `position`: -1 at the inner side, 0 at the outer. Darker bands inside, flow voids of vessels near the outer side. */
function wallLevel(levels: Uterus["levels"], position: number, wave: number, grain: number): number {
  const band = position < -0.75 ? 0.55 : 1;
  if (position > -0.55 && grain > 1.35 && wave > -0.2) return levels.vessel;
  if (position > -0.25 && grain < -1.5) return 0.8;
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
