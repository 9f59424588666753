import { type Tissue, tissues } from "../../core/tissue.ts";

/** Longitudinal and transverse relaxation times, ms. */
interface Relaxation {
  readonly t1: { readonly low: number; readonly high: number };
  readonly t2: number;
}

/** Grey matter, white matter, fluid: T1 at 1.5 T and 3 T, T2 at both. Source: FaBiAN (Lajous et al. 2022, doi:10.1038/s41598-022-10335-4). */
const grey: Relaxation = { t1: { low: 2000, high: 2500 }, t2: 162 };
const white: Relaxation = { t1: { low: 3000, high: 3300 }, t2: 232 };
const fluid: Relaxation = { t1: { low: 4000, high: 4400 }, t2: 2000 };
const fluids: ReadonlySet<Tissue> = new Set(["csf", "lateralVentricle", "cavum", "otherVentricle"]);

/** All tissue that is neither fluid nor white matter is taken for grey. */
function relaxationOf(tissue: Tissue): Relaxation {
  return fluids.has(tissue) ? fluid : tissue === "whiteMatter" ? white : grey;
}

/** Time in which magnetisation recovers before a slice is taken again or next to it, ms. Our guess for interleaved single-shot stacks. */
const recoveryMs = 4500;

/**
 * Signal of a tissue in a single-shot T2 scan, in [0, 1] of its proton density: recovery by T1, decay by T2.
 * Mono-exponential; the echo train itself is not simulated.
 *
 * @param tesla - From 1.5 to 3; T1 between is interpolated.
 */
function singleShotSignal(tissue: Tissue, tesla: number, echoTimeMs: number): number {
  const { t1, t2 } = relaxationOf(tissue);
  const at = t1.low + ((tesla - 1.5) / 1.5) * (t1.high - t1.low);
  return (1 - Math.exp(-recoveryMs / at)) * Math.exp(-echoTimeMs / t2);
}

/**
 * Factor of each tissue id when an anatomy taken at 1.5 T and `referenceMs` is taken at another field and echo time, fluid
 * keeping what its T2 alone says. Background is left alone: 1.
 */
export function singleShotGains(tesla: number, echoTimeMs: number, referenceMs: number): number[] {
  const recovered = singleShotSignal("csf", tesla, 0) / singleShotSignal("csf", 1.5, 0);
  return (Object.keys(tissues) as Tissue[]).map((name) => {
    if (name === "background") return 1;
    return singleShotSignal(name, tesla, echoTimeMs) / singleShotSignal(name, 1.5, referenceMs) / recovered;
  });
}

/** Signal of each tissue id where that of fluid is 1: what a label map looks like in a single-shot scan. Background is 0. */
export function singleShotLevels(tesla: number, echoTimeMs: number): number[] {
  return (Object.keys(tissues) as Tissue[]).map((name) =>
    name === "background" ? 0 : singleShotSignal(name, tesla, echoTimeMs) / singleShotSignal("csf", tesla, echoTimeMs),
  );
}
