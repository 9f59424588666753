import { type Tensor, type Tensor1D, tf, type Variable } from "../backend/tf.ts";
import type { BatchStatistics, Model } from "../models/index.ts";

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
  /** Adam's means of the gradient and of its square. */
  readonly gradientMean: Variable;
  readonly gradientSquare: Variable;
  /** Moving averages of `parameters` and `statistics`, for validation and prediction; null where they are not kept. */
  readonly average: { readonly parameters: Variable; readonly statistics: Variable } | null;
  /** 1 where weight decay applies: kernels, of two dimensions or more. */
  readonly decayed: Tensor1D;
}

/** A fresh state over a model's present weights. The caller disposes of it; the model stays its own. */
export function createState(model: Model, keepAverage: boolean): TrainState {
  const trainable = model.trainable.map((name) => model.weights.get(name)!);
  const decayed = tf.tidy(() =>
    tf.concat(trainable.map((v) => (v.rank > 1 ? tf.ones([v.size]) : tf.zeros([v.size])))),
  ) as Tensor1D;
  const vector = (make: () => Tensor) => tf.tidy(() => tf.variable(make()));
  const parameters = vector(() => flat(trainable));
  const statistics = vector(() => flat(statisticNames(model).map((name) => model.weights.get(name)!)));
  return {
    model,
    parameters,
    statistics,
    gradientMean: vector(() => tf.zerosLike(parameters)),
    gradientSquare: vector(() => tf.zerosLike(parameters)),
    average: keepAverage ? { parameters: vector(() => parameters.clone()), statistics: vector(() => statistics.clone()) } : null,
    decayed,
  };
}

/** The vectors of a state by name: what a checkpoint must hold besides the step. */
export function stateVectors(state: TrainState): Map<string, Variable> {
  const vectors = new Map([
    ["parameters", state.parameters],
    ["statistics", state.statistics],
    ["optimizer.mean", state.gradientMean],
    ["optimizer.square", state.gradientSquare],
  ]);
  if (state.average !== null) {
    vectors.set("average.parameters", state.average.parameters);
    vectors.set("average.statistics", state.average.statistics);
  }
  return vectors;
}

/** Frees the vectors; not the model. */
export function disposeState(state: TrainState): void {
  for (const vector of stateVectors(state).values()) vector.dispose();
  state.decayed.dispose();
}

/** Flat vectors cut into the weights of a model, by name. */
export function weightsOf(model: Model, parameters: Tensor, statistics: Tensor): Map<string, Tensor> {
  const cut = (names: readonly string[], vector: Tensor): [string, Tensor][] => {
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
