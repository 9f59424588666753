import { clamp, type Field, smoothMax, smoothMin, smoothstep } from "./fields.ts";
import { type Frame, templateHalf } from "./frame.ts";
import { interpolateHeld } from "./growth.ts";
import { type Bounds, latticeField, redistance, sampleField } from "./lattice.ts";
import { profile } from "./profile.ts";

// Along y, template mm: height of the fissure's midline, and half height of the insula.
const courseY = [-18, -12, -8, -4, 0, 5, 10, 15, 20, 24, 28, 32];
const course = profile(courseY, [10, 6.6, 4.8, 3, 1.2, -1.4, -3.8, -5.6, -7, -8, -8.6, -9]);
const insulaHalf = profile(courseY, [-6, -3, -0.5, 2, 4.2, 6.4, 8, 8.9, 8.4, 5.5, -0.5, -6]);

/** Half opening at the surface as a share of the insula's half height, in front and behind, by age. */
const openingInFront = (age: number): number =>
  interpolateHeld([20, 23, 26, 30, 34, 38], [1.25, 1.15, 0.95, 0.68, 0.32, 0.14], age);
const openingBehind = (age: number): number => interpolateHeld([20, 23, 26, 30, 34, 38], [1.3, 1.1, 0.6, 0.15, 0.02, 0], age);

/**
 * The fluid of the Sylvian fossa of the right side, negative inside: wide open over the insula at 20 weeks, then covered by the growing
 * opercula, from behind, until a slit is left at term.
 */
export function sylvianFossa(frame: Frame, age: number): Field {
  const [fx, fy, fz] = frame.scale;
  // How far out the insula lies, as a share of the half width of the brain.
  const insulaX = templateHalf[0] * interpolateHeld([20, 22, 24, 30, 36], [0.77, 0.74, 0.7, 0.645, 0.61], age);
  const front = openingInFront(age);
  const behind = openingBehind(age);
  const lens = interpolateHeld([20, 24, 30, 34, 38], [3, 2.4, 1.1, 0.5, 0.3], age);
  const slope = interpolateHeld([20, 24, 28], [0.75, 0.55, 0], age); // the walls of the young fossa lean outwards
  const narrowing = interpolateHeld([24, 30, 36], [4, 2.4, 1.1], age);
  const round = interpolateHeld([22, 26, 30], [4, 2.5, 1.5], age);
  // Template mm throughout. The floor is a dome; behind the insula it rises to the surface, where the fissure ends.
  const floor = (y: number, dz: number) =>
    insulaX - 0.1 * (y - 8) - 0.006 * (y - 8) ** 2 - 0.025 * dz * dz + 13 * smoothstep(-3, -17, y);
  const bulk: Field = (wx, wy, wz) => {
    const x = wx / fx;
    const y = clamp(wy / fy, -18, 32);
    const dz = Math.abs(wz / fz - course(y));
    const out = x - floor(y, dz);
    const half = insulaHalf(y);
    const share = behind + (front - behind) * smoothstep(-2, 20, y);
    const thin = lens * (0.55 + 0.45 * share);
    const t = smoothstep(thin, thin + narrowing, out);
    const open = half * (1 - t + t * share) + (half < 0 ? 0 : slope * Math.max(0, out - 1.5) + 0.35 * Math.max(0, out - 9));
    return smoothMax(dz - open, -out, round);
  };
  const bounds: Bounds = { low: [10 * fx, -22 * fy, -24 * fz], high: [48 * fx, 34 * fy, 16 * fz] };
  const wide = latticeField(redistance(sampleField(bulk, bounds, frame.size)));
  const slitHalf = interpolateHeld([22, 26, 30, 38], [0.9, 0.7, 0.45, 0.32], age);
  return (wx, wy, wz) => {
    const y = wy / fy;
    if (y < -19 || y > 33 || wx < 8 * fx) return 1e3;
    const z = wz / fz - course(y);
    const out = wx - fx * floor(y, z);
    const reach = Math.max(-18 - y, y - 26, 0) * fy;
    const half = slitHalf * (0.3 + 0.7 * smoothstep(-10, 8, y));
    const slit = smoothMax(Math.hypot(Math.abs(z) * fz * 0.93, reach) - half, -out, 0.6);
    return smoothMin(wide(wx, wy, wz), slit, 0.6);
  };
}
