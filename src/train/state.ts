import { type Tensor, type Tensor1D, tf, type Variable } from "../backend/tf.ts";
import { UserError } from "../core/errors.ts";
import type { BatchStatistics, Model } from "../models/index.ts";
import { memoryNames, type ParameterFactors } from "./optimizer.ts";
import type { OptimizerOptions } from "./optimizer-options.ts";
import type { TrainOptions } from "./options.ts";

/**
 * Everything that a training step changes. Vectors are flat: the weights of a model end to end, in its own order,
 * so that an optimizer is a handful of operations however many layers there are.
 */
export interface TrainState {
  readonly model: Model;
  /** The weights that the optimizer moves. The model's own variables are another copy: {@link fillModel} brings them up to date. */
  readonly parameters: Variable;
  /** Running statistics of the normalisations. */
  readonly statistics: Variable;
  /** What the optimizer remembers from step to step, by name. */
  readonly memory: ReadonlyMap<string, Variable>;
  /** Moving averages of `parameters` and `statistics`, for validation and prediction; null where they are not kept. */
  readonly average: { readonly parameters: Variable; readonly statistics: Variable } | null;
  /** How the parameters differ in weight decay and learning rate. */
  readonly factors: ParameterFactors;
  /** Names of the weights that stay as they are. */
  readonly frozen: ReadonlySet<string>;
}

/**
 * A fresh state over a model's present weights. The caller disposes of it; the model stays its own.
 * @throws {UserError} (usage) If a prefix of `groups` or `freeze` fits no weight, or every weight is frozen.
 */
export function createState(
  model: Model,
  { optimizer, averageDecay }: Pick<TrainOptions, "optimizer" | "averageDecay">,
): TrainState {
  checkPrefixes(model, optimizer);
  const frozen = new Set(model.trainable.filter((name) => optimizer.freeze.some((prefix) => name.startsWith(prefix))));
  const trainable = model.trainable.map((name) => model.weights.get(name)!);
  const vector = (make: () => Tensor) => tf.tidy(() => tf.variable(make()));
  const parameters = vector(() => flat(trainable));
  const statistics = vector(() => flat(statisticNames(model).map((name) => model.weights.get(name)!)));
  return {
    model,
    parameters,
    statistics,
    memory: new Map(memoryNames(optimizer).map((name) => [name, vector(() => tf.zerosLike(parameters))])),
    average:
      averageDecay > 0 ? { parameters: vector(() => parameters.clone()), statistics: vector(() => statistics.clone()) } : null,
    factors: {
      decayed: perWeight(model, (name) => (model.weights.get(name)!.rank > 1 && !frozen.has(name) ? 1 : 0)),
      rate: optimizer.groups.length === 0 ? null : perWeight(model, (name) => rateFactor(name, optimizer)),
    },
    frozen,
  };
}

/** A flat vector as long as the parameters, each weight filled with one number. */
function perWeight(model: Model, value: (name: string) => number): Tensor1D {
  return tf.tidy(() =>
    tf.concat(model.trainable.map((name) => tf.fill([model.weights.get(name)!.size], value(name)))),
  ) as Tensor1D;
}

/** The factor of the longest prefix that fits; 1 where none does. */
function rateFactor(name: string, { groups }: OptimizerOptions): number {
  const fitting = groups.filter(({ prefix }) => name.startsWith(prefix));
  return fitting.sort((a, b) => b.prefix.length - a.prefix.length)[0]?.rateFactor ?? 1;
}

function checkPrefixes({ trainable }: Model, { groups, freeze }: OptimizerOptions): void {
  const layers = [...new Set(trainable.map((name) => name.split(".")[0]))].join(", ");
  const checks = { groups: groups.map(({ prefix }) => prefix), freeze };
  for (const [key, prefixes] of Object.entries(checks)) {
    const stray = prefixes.find((prefix) => !trainable.some((name) => name.startsWith(prefix)));
    if (stray !== undefined)
      throw new UserError(
        "usage",
        `train.optimizer.${key}: a prefix must be the begin of a weight's name; got "${stray}". Names begin with ${layers}.`,
      );
  }
  if (!trainable.every((name) => freeze.some((prefix) => name.startsWith(prefix)))) return;
  throw new UserError("usage", "train.optimizer.freeze: a weight must be left to train; got all frozen. Freeze fewer.");
}

/** The vectors of a state by name: what a checkpoint must hold besides the step. */
export function stateVectors(state: TrainState): Map<string, Variable> {
  const vectors = new Map([
    ["parameters", state.parameters],
    ["statistics", state.statistics],
  ]);
  for (const [name, vector] of state.memory) vectors.set(`optimizer.${name}`, vector);
  if (state.average !== null) {
    vectors.set("average.parameters", state.average.parameters);
    vectors.set("average.statistics", state.average.statistics);
  }
  return vectors;
}

/** Frees the vectors; not the model. */
export function disposeState(state: TrainState): void {
  for (const vector of stateVectors(state).values()) vector.dispose();
  tf.dispose([state.factors.decayed, ...(state.factors.rate === null ? [] : [state.factors.rate])]);
}

/** Flat vectors cut into the weights of a model, by name. */
export function weightsOf(model: Model, parameters: Tensor, statistics: Tensor): Map<string, Tensor> {
  const cut = (names: readonly string[], vector: Tensor): [string, Tensor][] => {
    if (names.length === 0) return []; // a network without running statistics
    const shapes = names.map((name) => model.weights.get(name)!.shape);
    const parts = tf.split(vector, shapes.map((shape) => shape.reduce((a, b) => a * b, 1))); // biome-ignore format: short
    return names.map((name, i) => [name, tf.reshape(parts[i]!, shapes[i]!)]);
  };
  return new Map([...cut(model.trainable, parameters), ...cut(statisticNames(model), statistics)]);
}

/** Copies flat vectors into the model's own variables. */
export function fillModel(model: Model, parameters: Tensor, statistics: Tensor): void {
  tf.tidy(() => {
    for (const [name, value] of weightsOf(model, parameters, statistics)) model.weights.get(name)!.assign(value);
  });
}

/** Takes the model's own variables into the flat vectors: after its weights were set from outside. */
export function fillFromModel({ model, parameters, statistics }: TrainState): void {
  const of = (names: readonly string[]) => flat(names.map((name) => model.weights.get(name)!));
  tf.tidy(() => {
    parameters.assign(of(model.trainable));
    statistics.assign(of(statisticNames(model)));
  });
}

/**
 * The statistics of one batch as a vector in the order of `statistics`, variances unbiased as PyTorch keeps them.
 * @throws {RangeError} If a normalisation reported nothing.
 */
export function flatStatistics(model: Model, records: readonly BatchStatistics[]): Tensor1D {
  const byName = new Map<string, { value: Tensor; factor: number }>();
  for (const { layer, mean, variance, count } of records) {
    byName.set(`${layer}.running_mean`, { value: mean, factor: 1 });
    byName.set(`${layer}.running_var`, { value: variance, factor: count > 1 ? count / (count - 1) : 1 });
  }
  const parts = statisticNames(model).map((name) => {
    const part = byName.get(name);
    if (part === undefined) throw new RangeError(`flatStatistics: no batch statistics for ${name}`);
    return part;
  });
  const factors = parts.flatMap(({ value, factor }) => new Array<number>(value.size).fill(factor));
  return tf.mul(flat(parts.map((part) => part.value)), tf.tensor1d(factors));
}

function statisticNames(model: Model): string[] {
  const trainable = new Set(model.trainable);
  return [...model.weights.keys()].filter((name) => !trainable.has(name));
}

function flat(tensors: readonly Tensor[]): Tensor1D {
  if (tensors.length === 0) return tf.tensor1d([]);
  return tf.concat(tensors.map((t) => tf.reshape(t, [t.size]))) as Tensor1D;
}
