import type { Rng } from "../../core/rng.ts";
import { type Bounds, latticeField, sampleField } from "../phantom/lattice.ts";
import { waveNoise } from "../phantom/noise.ts";
import { type Material, materials } from "./materials.ts";
import type { HeadPlan } from "./plan.ts";
import { baseBone, headBounds, mastoid, orbit, sinuses, skinDistance, skullThickness } from "./skull.ts";

/** Bone that is left between the cavity and any hollow, as the roof of an orbit has it, mm. Our guess. */
const leastRoof = 1.3;

/** Thickness of the compact tables, mm. */
const tableMm = 1.7;

/** Where bone can be hollow. */
const highestHollow = 18;
const lowerHead: Bounds = { low: headBounds.low, high: [headBounds.high[0], headBounds.high[1], 2 * highestHollow] };

/** What is at a place outside the cavity, mm of the head; `wall` is the distance to the inner table. */
export type ShellAt = (x: number, y: number, z: number, wall: number) => Material;

/** Skull, sinuses, face and scalp of a head. */
export function shellAt(rng: Rng, { scale: [fx, fy, fz], skull, scalp }: HeadPlan): ShellAt {
  const cells = latticeField(sampleField(waveNoise(rng.fork("cells"), [6, 10], 14), lowerHead, 2));
  const layers = latticeField(sampleField(waveNoise(rng.fork("layers"), [18, 40], 12), headBounds, 4));
  return (px, py, pz, wall) => {
    const thick = skullThickness(px, py, pz, skull);
    if (pz > 12 && wall > thick + scalp + 1) return materials.air;
    const skin = -skinDistance(px, py, pz, wall, thick + scalp);
    if (skin < 0) return materials.air;
    const [x, y, z] = [px / fx, py / fy, pz / fz];
    if (z < highestHollow && skin > 4 && wall > leastRoof) {
      const hollow = hollowAt(x, y, z, cells(px, py, pz));
      if (hollow !== null) return hollow;
    }
    if (wall < thick) return boneOfVault(wall, thick, layers(px, py, pz));
    if (z < 0 && skin > 5 && baseBone(x, y, z) < 0) return baseBone(x, y, z) > -2 ? materials.table : materials.diploe;
    return softAt(skin, x, y, z, layers(px, py, pz));
  };
}

/** Air cells and eye sockets: what replaces bone and soft tissue at the base; null elsewhere. */
function hollowAt(x: number, y: number, z: number, cells: number): Material | null {
  if (z < -8 && y > 20 && orbit.socket(x, y, z) < 1.2) return inOrbit(x, y, z);
  const air = sinuses(x, y, z);
  // Septa part the cells of the ethmoid; the larger sinuses are open.
  const septum = Math.abs(x) < 13 && y > 36 && z > -44 && Math.abs(cells) < 0.12;
  if (air < 0) return septum ? materials.softTissue : materials.air;
  if (air < 1.2) return materials.table;
  const ear = mastoid(x, y, z);
  if (ear >= 0) return null;
  return cells > 0.05 ? materials.air : materials.denseBone;
}

function inOrbit(x: number, y: number, z: number): Material {
  if (orbit.socket(x, y, z) > 0) return materials.table;
  if (orbit.lens(x, y, z) < 0) return materials.muscle;
  const ball = orbit.eyeball(x, y, z);
  if (ball < 0) return ball > -1.3 ? materials.softTissue : materials.eye;
  return orbit.nerve(x, y, z) < 0 || orbit.muscles(x, y, z) < 0 ? materials.softTissue : materials.fat;
}

function boneOfVault(wall: number, thick: number, layers: number): Material {
  const table = tableMm * (1 + 0.2 * layers);
  return wall > table && thick - wall > table ? materials.diploe : materials.table;
}

/** Skin, fat under it, muscle at the temples, the neck and the face. */
function softAt(skin: number, x: number, y: number, z: number, layers: number): Material {
  if (skin < 1.8) return materials.softTissue;
  const temple = Math.abs(x) > 45 && z < 30 && z > -50 && y > -20 && y < 60;
  const neck = z < -20 && y < -40;
  if ((temple || neck) && skin > 4) return materials.muscle;
  return z < -15 && layers > 0 ? materials.muscle : materials.fat;
}
