import { clamp, type Field, joined, smoothMax } from "./fields.ts";
import { type Frame, templateHalf } from "./frame.ts";
import { type Bounds, latticeField, redistance, sampleField } from "./lattice.ts";
import { profile } from "./profile.ts";

/** The inner table of the skull. */
export interface Cavity {
  /** Signed distance to the inner table, negative inside. */
  readonly distance: Field;
  readonly bounds: Bounds;
}

/** Size of the cavity over the cerebrum, mm. */
export interface Vault {
  readonly innerWidth: number;
  readonly innerLength: number;
  /** Fluid between the vertex of the brain and the skull. */
  readonly vertexFluid: number;
}

const vaultY = [-45.2, -44.6, -43, -40, -36, -30, -24, -16, -8, 0, 8, 16, 24, 30, 35, 39, 42, 44.4, 45.2];
const vaultHalf = profile(
  vaultY,
  [0.5, 7, 13, 19.5, 24.5, 29.3, 32.8, 35.7, 36.7, 36.8, 36, 34, 30.6, 26.8, 22.6, 18, 13.5, 7, 0.5],
);
const vaultTop = profile(vaultY, [-8, -4, 2, 9, 15, 21.2, 25.4, 28.5, 29.7, 30, 29.3, 27.3, 23.6, 19.4, 14.8, 9.8, 5, -1, -5]);
const vaultBottom = profile(
  vaultY,
  [-10, -12.5, -15.5, -18, -20, -21.5, -22.5, -22.5, -20, -17, -17, -18.5, -20, -20, -19.5, -18.5, -16.5, -11, -7],
);
const vaultWidest = profile(vaultY, [-9, -8.5, -8, -7, -6, -5, -4, -3, -2, -1, -1, -1, -2, -3, -4, -5, -6, -6, -6]);

/**
 * The inside of the skull: vault, middle fossae for the temporal lobes, and `behind`, the posterior fossa.
 */
export function cavity(frame: Frame, vault: Vault, behind: Field): Cavity {
  const gx = vault.innerWidth / 2 / templateHalf[0];
  const gy = vault.innerLength / 2 / templateHalf[1];
  const gz = frame.scale[2] + vault.vertexFluid / templateHalf[2];
  const dome: Field = (wx, wy, wz) => {
    const y = clamp(wy / gy, -45.2, 45.2);
    const z = wz / gz;
    const centre = vaultWidest(y);
    const upper = z > centre;
    const w = vaultHalf(y);
    const h = Math.max(upper ? vaultTop(y) - centre : centre - vaultBottom(y), 0.5);
    const n = upper ? 2.35 : 2.8;
    const r = (Math.abs(wx / gx / w) ** n + Math.abs((z - centre) / h) ** n) ** (1 / n);
    return (r - 1) * Math.min(w, h) + Math.abs(wy / gy - y);
  };
  const [fx, fy, fz] = frame.scale;
  const middleFossa = middleFossaField(frame);
  const whole = joined(3.5 * frame.size, dome, (x, y, z) => middleFossa(Math.abs(x), y, z), behind);
  const step = 2;
  const bounds: Bounds = {
    low: [-2 * step, -(templateHalf[1] + 4) * gy - 12, -66 * fz],
    high: [
      (templateHalf[0] + 4) * Math.max(gx, fx) + 12,
      (templateHalf[1] + 4) * Math.max(gy, fy) + 12,
      (templateHalf[2] + 4) * gz + 12,
    ],
  };
  return { distance: latticeField(redistance(sampleField(whole, bounds, step))), bounds };
}

/** Room for the temporal lobe of the right side. */
function middleFossaField(frame: Frame): Field {
  const [fx, fy, fz] = frame.scale;
  return (wx, wy, wz) => {
    const x = wx / fx;
    const y = wy / fy;
    const z = wz / fz;
    const u = (x - 21.5) / 14.5;
    const v = (y - 1) / 21;
    const w = (z + 16) / 15.5;
    const r = (Math.abs(u) ** 2.5 + Math.abs(v) ** 2.5 + Math.abs(w) ** 2.5) ** 0.4;
    return smoothMax((r - 1) * 14.5, 6 - x, 3);
  };
}
