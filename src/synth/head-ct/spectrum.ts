/**
 * Four energies that stand for the spectrum of a tube at 120 kVp behind its filters: share of the photons, and linear attenuation of water and of
 * cortical bone (1.92 g/cm³), 1/mm.
 *
 * Sources: attenuation from the NIST tables of Hubbell & Seltzer (NISTIR 5632); the shares are our choice, of mean energy 64 keV.
 */
const lines = [
  { share: 0.25, water: 0.02683, bone: 0.12778 }, // 40 keV
  { share: 0.4, water: 0.02059, bone: 0.06044 }, // 60 keV
  { share: 0.25, water: 0.01837, bone: 0.0428 }, // 80 keV
  { share: 0.1, water: 0.01707, bone: 0.03562 }, // 100 keV
] as const;

/** Linear attenuation that this beam has behind 150 mm of water, 1/mm: of water, and of cortical bone relative to it. By {@link lines}. */
export const waterPerMm = 0.0198;
export const boneOverWater = 2.86;

/** How much of a voxel is cortical bone by its HU, 0 to 1 and a little more in the densest; all else is taken as water of the rest. */
export function boneShare(hu: number): number {
  return hu <= 100 ? 0 : hu / (1000 * (boneOverWater - 1));
}

/** Minus the logarithm of the share of photons that pass `water` mm of water and `bone` mm of cortical bone. */
function logLoss(water: number, bone: number): number {
  let passed = 0;
  for (const line of lines) passed += line.share * Math.exp(-line.water * water - line.bone * bone);
  return -Math.log(passed);
}

/** Largest path that the table holds, mm of water; beyond it the loss goes on as over the last millimetre. */
const longest = 600;
const waterLoss = Float64Array.from({ length: longest + 1 }, (_, mm) => logLoss(mm, 0));

/** Millimetres of water with this loss: what a scanner that corrects for water takes the ray to have passed. */
function waterOf(loss: number): number {
  let [low, high] = [0, longest];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (waterLoss[middle]! > loss) high = middle;
    else low = middle;
  }
  return low + Math.max(0, (loss - waterLoss[low]!) / (waterLoss[high]! - waterLoss[low]!));
}

/**
 * How far a ray through water and bone is measured wrongly by a scanner that corrects for water alone, mm of water; 0 without bone. HU are scaled
 * by a little bone in 150 mm of water: behind that, more bone reads too low, since the more a beam is hardened, the less it is weakened by what follows.
 */
export function hardeningError(water: number, bone: number): number {
  return bone <= 0 ? 0 : waterOf(logLoss(water, bone)) - water - boneOverWater * bone;
}
