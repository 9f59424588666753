import { type Tensor2D, type Tensor4D, tf } from "../../../backend/tf.ts";
import type { Image } from "../../../core/volume.ts";
import { resizeImage } from "../../../data/resample.ts";
import { type ApplyMode, classActivation, type Model, mirrorMean } from "../../../models/index.ts";
import type { HeatmapOptions, PredictOptions } from "../options.ts";

/** A classifier that can be asked where it looks. */
export type Seen = Pick<Model, "apply" | "maps" | "weights">;

/**
 * A classifier of several classes, normal first, as one of whether an image is normal: its logit is that of all other classes together, and its heat what speaks
 * for the likeliest of them.
 */
export function asAbnormal(model: Seen): Seen & { readonly likeliest: (x: Tensor4D) => Tensor2D } {
  const told = (x: Tensor4D, mode: ApplyMode) => {
    const logits = model.apply(x, mode);
    return tf.split(tf.reshape(logits, [logits.shape[0], logits.shape[3]!]), [1, logits.shape[3]! - 1], 1);
  };
  return {
    ...model,
    apply: (x, mode) =>
      tf.tidy(() => {
        const [normal, others] = told(x, mode);
        return tf.reshape(tf.sub(tf.logSumExp(others!, 1, true), normal!), [x.shape[0], 1, 1, 1]) as Tensor4D;
      }),
    likeliest: (x) =>
      tf.tidy(() => {
        const [normal, others] = told(x, { training: false });
        const best = tf.greaterEqual(others!, tf.max(others!, 1, true));
        return tf.concat([tf.zerosLike(normal!), tf.cast(best, "float32")], 1) as Tensor2D;
      }),
  };
}

/** Square windows of slices as a classifier gets them, one after the other. */
export interface Windows {
  readonly data: Float32Array;
  readonly count: number;
  /** Pixels. */
  readonly side: number;
}

/**
 * Heat of each window at its own size, in logits, at least 0: what speaks for blood. Of `grad-cam` its mean over the window, had negatives not
 * been cut off, is the logit less the bias of the last layer; of `occlusion` it is the loss of the logit, averaged over the squares that cover a pixel.
 *
 * @param patch - Of occlusion: side of the square, pixels.
 * @throws {RangeError} If the model has no maps.
 */
export async function heatOf(
  model: Seen & { readonly likeliest?: (x: Tensor4D) => Tensor2D },
  windows: Windows,
  method: Exclude<HeatmapOptions["method"], "none">,
  patch: number,
): Promise<Image[]> {
  switch (method) {
    case "grad-cam":
    case "grad-cam++":
      return activation(model, windows, method);
    case "occlusion":
      return occlusion(model, windows, patch);
    default:
      return method satisfies never;
  }
}

/** The logits of each window, one after the other, averaged over its mirror images where they are asked for. */
export async function logitsOf(
  model: Seen,
  { data, count, side }: Windows,
  flips: PredictOptions["flips"] = "none",
): Promise<Float32Array> {
  const logits = tf.tidy(() => mirrorMean(model, tf.tensor4d(data, [count, side, side, 1]), flips));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return values;
}

async function activation(
  { maps, weights, likeliest }: Parameters<typeof heatOf>[0],
  { data, count, side }: Windows,
  method: "grad-cam" | "grad-cam++",
): Promise<Image[]> {
  if (maps === undefined) throw new RangeError("heatOf: the model has no maps");
  const heat = tf.tidy(() => {
    const x: Tensor4D = tf.tensor4d(data, [count, side, side, 1]);
    return classActivation({ maps, weights }, x, likeliest === undefined ? 0 : likeliest(x), method);
  });
  const values = (await heat.data()) as Float32Array;
  const [, height, width] = heat.shape;
  heat.dispose();
  return Array.from({ length: count }, (_, k) => {
    const coarse = { data: values.slice(k * height * width, (k + 1) * height * width), width, height };
    return resizeImage(coarse, side, side);
  });
}

async function occlusion(model: Seen, windows: Windows, patch: number): Promise<Image[]> {
  const { data, count, side } = windows;
  const whole = await logitsOf(model, windows);
  const lost = new Float32Array(data.length);
  const covered = new Uint16Array(side * side);
  const starts = startsOf(side, patch);
  for (const top of starts) {
    for (const left of starts) {
      const rows = Array.from({ length: Math.min(patch, side - top) }, (_, i) => (top + i) * side + left);
      const wide = Math.min(patch, side - left);
      const hidden = data.slice();
      for (let k = 0; k < count; k++) for (const row of rows) hidden.fill(0, k * side * side + row, k * side * side + row + wide);
      const logits = await logitsOf(model, { ...windows, data: hidden });
      for (const row of rows) {
        for (let at = row; at < row + wide; at++) {
          covered[at]!++;
          for (let k = 0; k < count; k++) lost[k * side * side + at]! += whole[k]! - logits[k]!;
        }
      }
    }
  }
  const mean = lost.map((sum, i) => Math.max(0, sum / covered[i % (side * side)]!));
  return Array.from({ length: count }, (_, k) => {
    return { data: mean.slice(k * side * side, (k + 1) * side * side), width: side, height: side };
  });
}

/** Where squares begin along a side: every half square, the last one at the end, so that all is covered. */
function startsOf(side: number, patch: number): number[] {
  const last = Math.max(0, side - patch);
  const step = Math.max(1, Math.floor(patch / 2));
  return [...Array.from({ length: Math.ceil(last / step) }, (_, i) => i * step), last];
}
