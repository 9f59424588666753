import { tf, type Variable } from "../backend/tf.ts";
import { UserError } from "../core/errors.ts";
import { between, type Rng, seededRng } from "../core/rng.ts";
import type { Model, WeightArray } from "./model.ts";

/** One weight that a layer declares: its shape and what it starts from. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** `heNormal`: normal with variance 2 / fan. `uniform`: in [-bound, bound). */
  readonly initial:
    | "zeros"
    | "ones"
    | { readonly heNormal: { readonly fan: number } }
    | { readonly uniform: { readonly bound: number } };
  /** False for running statistics, which no gradient moves. */
  readonly trainable: boolean;
}

/**
 * Makes the variables that the layers declared. Each draws from a stream of its own, named after it:
 * adding a layer leaves the start of all others as it was.
 *
 * Source: He et al. 2015, doi:10.1109/ICCV.2015.123.
 */
export function createWeights(specs: readonly WeightSpec[], seed: number): Map<string, Variable> {
  const rng = seededRng(seed).fork("weights");
  const weights = new Map<string, Variable>();
  for (const { name, shape, initial } of specs) {
    if (weights.has(name)) throw new RangeError(`createWeights: two weights are called ${name}`);
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    fillInitial(data, initial, rng.fork(name));
    weights.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(data, [...shape], "float32"))),
    );
  }
  return weights;
}

function fillInitial(data: Float32Array, initial: WeightSpec["initial"], rng: Rng): void {
  if (initial === "zeros") return;
  if (initial === "ones") data.fill(1);
  else if ("uniform" in initial) {
    const { bound } = initial.uniform;
    for (let i = 0; i < data.length; i++) data[i] = between(rng, [-bound, bound]);
  } else {
    const deviation = Math.sqrt(2 / initial.heNormal.fan);
    for (let i = 0; i < data.length; i++) data[i] = deviation * rng.normal();
  }
}

/** The names of the weights that the optimizer moves. */
export function trainableNames(specs: readonly WeightSpec[]): string[] {
  return specs.filter((spec) => spec.trainable).map((spec) => spec.name);
}

/** The weights of a network inside another, called `<name>.<own name>` there; see `within` of layers/scope.ts. */
export function inside(name: string, specs: readonly WeightSpec[]): WeightSpec[] {
  return specs.map((spec) => ({ ...spec, name: `${name}.${spec.name}` }));
}

/** Copies every weight of a model off the device, by name, in the model's order. */
export async function readWeights(model: Pick<Model, "weights">): Promise<Map<string, WeightArray>> {
  const out = new Map<string, WeightArray>();
  for (const [name, variable] of model.weights) {
    out.set(name, { shape: variable.shape, data: Float32Array.from(await variable.data()) });
  }
  return out;
}

/**
 * Sets every weight of a model.
 * @param where - Names the file that they come from, in messages.
 * @throws {UserError} (data) If a weight is missing, superfluous, of another shape or not finite: they are another model's, or damaged.
 */
export function setWeights(
  model: Pick<Model, "kind" | "weights">,
  arrays: ReadonlyMap<string, WeightArray>,
  where: string,
): void {
  const mismatch = (rule: string, got: string) =>
    new UserError(
      "data",
      `${where}: does not fit the ${model.kind}: ${rule}; got ${got}. Use the model options that it was trained with.`,
    );
  const extra = [...arrays.keys()].find((name) => !model.weights.has(name));
  if (extra !== undefined) throw mismatch("every tensor belongs to a layer", `${extra} as well`);
  for (const [name, variable] of model.weights) {
    const array = arrays.get(name);
    if (array === undefined) throw mismatch(`needs ${name}`, "none");
    if (array.shape.join() !== variable.shape.join())
      throw mismatch(`${name} has shape [${variable.shape.join(", ")}]`, `[${array.shape.join(", ")}]`);
    checkFinite(array.data, name, where);
  }
  assignWeights(model, arrays);
}

/** @throws {UserError} (data) If a value of a weight is not finite. */
export function checkFinite(data: Float32Array, name: string, where: string): void {
  const broken = data.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0)
    throw new UserError(
      "data",
      `${where}: weights must be finite; got ${data[broken]} in ${name}. Restore the file or train again.`,
    );
}

/** Sets the weights of a model that are given, which must be of its shapes; all others stay. */
export function assignWeights(model: Pick<Model, "weights">, arrays: ReadonlyMap<string, WeightArray>): void {
  for (const [name, { shape, data }] of arrays)
    tf.tidy(() => model.weights.get(name)!.assign(tf.tensor(data, [...shape], "float32")));
}

/** Frees the variables of a model. */
export function disposeWeights(weights: ReadonlyMap<string, Variable>): void {
  for (const variable of weights.values()) variable.dispose();
}
