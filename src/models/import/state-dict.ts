import { UserError } from "../../core/errors.ts";
import type { WeightArray } from "../model.ts";
import type { WeightSpec } from "../weights.ts";

/** A tensor of a file of weights, read when it is needed. */
export interface FileTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  read(): Float32Array;
}

/** Whose weights a state dict must be. */
export interface Wanted {
  /** The model, in messages. */
  readonly kind: string;
  readonly specs: readonly WeightSpec[];
  /** Names that belong to it without being weights of ours, besides `num_batches_tracked`, which only PyTorch counts. */
  readonly others?: readonly string[];
}

/** An error that says why a state dict is not what was asked for. */
export function notTheWeights(where: string, kind: string, rule: string, got: string): UserError {
  return new UserError("data", `${where}: not the weights of a ${kind}: ${rule}; got ${got}. Name the model that they are of.`);
}

/**
 * The weights of a model from a state dict with the same names, in our layout.
 *
 * @param where - Names the file in messages.
 * @throws {UserError} (data) If a tensor is missing, superfluous, of another shape or not finite.
 */
export function importStateDict(
  tensors: ReadonlyMap<string, FileTensor>,
  { kind, specs, others = [] }: Wanted,
  where: string,
): Map<string, WeightArray> {
  const names = new Set([...specs.map(({ name }) => name), ...others]);
  const missing = [...names].find((name) => !tensors.has(name));
  if (missing !== undefined) throw notTheWeights(where, kind, `needs ${missing}`, "none");
  const extra = [...tensors.keys()].find((name) => !names.has(name) && !name.endsWith(".num_batches_tracked"));
  if (extra !== undefined) throw notTheWeights(where, kind, "every tensor belongs to a layer", `${extra} as well`);
  const weights = new Map<string, WeightArray>();
  for (const { name, shape } of specs) {
    const wanted = torchShape(shape);
    weights.set(name, fromTorch({ shape: wanted, data: readTensor(tensors.get(name)!, name, wanted, kind, where) }));
  }
  return weights;
}

/** The values of a tensor. @throws {UserError} (data) If it is of another shape or not finite. */
export function readTensor(
  tensor: FileTensor,
  name: string,
  wanted: readonly number[],
  kind: string,
  where: string,
): Float32Array {
  if (wanted.join() !== tensor.shape.join())
    throw notTheWeights(where, kind, `${name} has shape [${wanted.join(", ")}]`, `[${tensor.shape.join(", ")}]`);
  const data = tensor.read();
  const broken = data.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0)
    throw new UserError("data", `${where}: weights must be finite; got ${data[broken]} in ${name}. Restore the file.`);
  return data;
}

/** The shape that PyTorch gives a weight of ours: HWIO → OIHW, in x out → out x in. */
function torchShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return shape.length === 2 ? [shape[1]!, shape[0]!] : shape;
}

/** A kernel or matrix in our layout: OIHW → HWIO, out x in → in x out. All else stays. */
export function fromTorch({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4 && shape.length !== 2) return { shape, data };
  const [outer, inner, height = 1, width = 1] = shape as [number, number, number?, number?];
  const taps = height * width;
  const out = new Float32Array(data.length);
  let at = 0;
  for (let tap = 0; tap < taps; tap++)
    for (let i = 0; i < inner; i++) for (let o = 0; o < outer; o++) out[at++] = data[(o * inner + i) * taps + tap]!;
  return { shape: shape.length === 4 ? [height, width, inner, outer] : [inner, outer], data: out };
}
