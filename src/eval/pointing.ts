import type { Image, Voxels } from "../core/volume.ts";
import { clusterUnits, type ResamplingPlan, resampleWeights } from "./metrics/bootstrap.ts";
import type { BootstrapOptions } from "./options.ts";
import { toMetric } from "./resample.ts";
import type { Metric } from "./results.ts";

/** Whether what a network looks at most shows the lesion: the heat of a slice that has one, or the attention of a stack. */
export interface Pointed {
  readonly subject: string;
  /** 1 where the hottest pixel lies in the lesion, or near enough; of slices that are equally attended the share that show it. */
  readonly hit: number;
  /** Share of the pixels that are not black, or of the slices, from which that is so: what a point put anywhere reaches. */
  readonly chance: number;
}

/** What is pointed at by what. */
const games = {
  heat: { per: "slice", names: ["pointing", "pointingChance"], lacks: "no slice with a lesion" },
  attention: { per: "stack", names: ["attention", "attentionChance"], lacks: "no slice shows a lesion" },
} as const;

/**
 * The pointing game of one slice (Zhang et al. 2018, doi:10.1007/s11263-017-1059-x): does the hottest pixel, of several the first, lie within
 * `reachMm` of the lesion? A slice without heat points nowhere: no hit.
 *
 * @param lesion - Non-zero in the lesion; at least one pixel. @param pixelMm - Of the columns and the rows.
 */
export function pointAt(
  lesion: Image<Voxels>,
  heat: Image,
  image: Image,
  pixelMm: readonly [number, number],
  reachMm: number,
): Omit<Pointed, "subject"> {
  const near = grown(lesion, pixelMm, reachMm);
  const at = heat.data.reduce((best, v, i) => (v > heat.data[best]! ? i : best), 0);
  let [inside, all] = [0, 0];
  for (let i = 0; i < near.length; i++) {
    if (image.data[i] === 0 && near[i] === 0) continue;
    all++;
    inside += near[i]!;
  }
  return { hit: heat.data[at]! > 0 && near[at] === 1 ? 1 : 0, chance: inside / all };
}

/** 1 within a distance of a mask, between the middles of pixels. */
function grown({ data, width, height }: Image<Voxels>, [x, y]: readonly [number, number], mm: number): Uint8Array {
  const out = new Uint8Array(data.length);
  const [rx, ry] = [Math.floor(mm / x), Math.floor(mm / y)];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    const [u, v] = [i % width, Math.floor(i / width)];
    for (let dv = Math.max(-ry, -v); dv <= Math.min(ry, height - 1 - v); dv++) {
      for (let du = Math.max(-rx, -u); du <= Math.min(rx, width - 1 - u); du++)
        if (Math.hypot(du * x, dv * y) <= mm) out[i + du + width * dv] = 1;
    }
  }
  return out;
}

/** The share of slices or stacks with a lesion where heat or attention points at it, and what chance reaches there; over the plan of all figures. */
export function pointingMetrics(
  slices: readonly Pointed[],
  plan: ResamplingPlan,
  bootstrap: BootstrapOptions,
  game: keyof typeof games = "heat",
): Metric[] {
  const { per, names, lacks } = games[game];
  const subjects = slices.map(({ subject }) => subject);
  const clustered = clusterUnits(plan, subjects);
  const weights = new Uint16Array(slices.length);
  const figure = (metric: (typeof names)[number], of: (slice: Pointed) => number) => {
    const each = slices.map(of);
    const mean = (w?: ArrayLike<number>) => {
      const total = w === undefined ? each.length : each.reduce((sum, _, i) => sum + w[i]!, 0);
      return each.reduce((sum, value, i) => sum + value * (w?.[i] ?? 1), 0) / total;
    };
    const values = Float64Array.from({ length: plan.resamples }, (_, r) => mean(resampleWeights(clustered, r, weights)));
    return toMetric(
      {
        ...{ metric, per, subset: "all", n: slices.length, patients: new Set(subjects).size },
        estimate: mean(),
        values,
        undefinedBecause: lacks,
        includesChoice: false,
        ...(metric === "pointing" && slices.length > 0 ? { hits: slices.filter(({ hit }) => hit === 1).length } : {}),
      },
      bootstrap,
    );
  };
  return [figure(names[0], ({ hit }) => hit), figure(names[1], ({ chance }) => chance)];
}
