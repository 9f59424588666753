import { z } from "zod";

const warmupSteps = (value: number) =>
  z.int().min(0).max(10_000_000).default(value).describe("steps over which the rate climbs to its height, at most half of all");

/** A straight climb, then half a cosine. */
const cosineSchedule = z.strictObject({
  // Optional inside its default, so that a schedule that names no kind is this one.
  kind: z.literal("cosine").optional().default("cosine").describe("half a cosine from the highest rate to the last"),
  warmupSteps: warmupSteps(50),
  /** Learning rate at the last step, as a share of the highest. */
  finalShare: z.number().min(0).max(1).default(0.01).describe("learning rate at the last step, as a share of the highest"),
});

/** A straight climb, then the same factor from step to step; PyTorch's `ExponentialLR`. */
const exponentialSchedule = z.strictObject({
  kind: z.literal("exponential").describe("the rate is multiplied by one factor from step to step"),
  warmupSteps: warmupSteps(0),
  /** What a step multiplies the rate of the step before with. */
  factor: z.number().gt(0).max(1).describe("what each step multiplies the rate of the step before with, in (0, 1]"),
});

/** A straight climb, then a power of what is left to do; PyTorch's `PolynomialLR`. nnU-Net has 0.9. */
const polynomialSchedule = z.strictObject({
  kind: z.literal("polynomial").describe("a power of the share of steps that are left"),
  warmupSteps: warmupSteps(0),
  power: z.number().gt(0).max(10).default(0.9).describe("power of the share of steps that are left; nnU-Net has 0.9"),
});

/** From a low rate by half a cosine to the highest and by another to almost nothing; PyTorch's `OneCycleLR` without its cycle of momentum. */
const oneCycleSchedule = z.strictObject({
  kind: z.literal("oneCycle").describe("half a cosine up to the highest rate, another down to almost nothing"),
  /** Share of the steps that go up. */
  riseShare: z.number().gt(0).lt(1).default(0.3).describe("share of the steps in which the rate goes up, in (0, 1)"),
  /** The first rate is the highest divided by this. */
  startDivisor: z.number().min(1).max(1e9).default(25).describe("the first rate is the highest divided by this"),
  /** The last rate is the first divided by this. */
  endDivisor: z.number().min(1).max(1e12).default(1e4).describe("the last rate is the first divided by this"),
});

/** A straight climb, then one rate. */
const constantSchedule = z.strictObject({
  kind: z.literal("constant").describe("one rate"),
  warmupSteps: warmupSteps(0),
});

/** What the learning rate does over the steps: a closed list. */
export const scheduleOptions = z
  .discriminatedUnion("kind", [cosineSchedule, exponentialSchedule, polynomialSchedule, oneCycleSchedule, constantSchedule])
  .meta({ id: "schedule" });
export type ScheduleOptions = z.output<typeof scheduleOptions>;

/** Begin of the names of a group's weights, as they stand in the checkpoint: `down0`, `logits.bias`. */
const prefix = z.string().min(1).max(200);

/** What all optimizers have, with the highest learning rate and the weight decay that suit them. */
const shared = (learningRate: number, weightDecay: number) => ({
  learningRate: z.number().gt(0).max(10).default(learningRate).describe("highest learning rate"),
  /** Kernels and matrices only: biases and normalisations have none. */
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .default(weightDecay)
    .describe("weight decay of kernels and matrices; biases and normalisations have none"),
  schedule: scheduleOptions.prefault({}).describe("what the learning rate does over the steps"),
  /** The gradient is scaled down to at most this global norm; null never. */
  clipNorm: z
    .number()
    .gt(0)
    .nullable()
    .default(5)
    .describe("the gradient is scaled down to at most this global norm; null: never"),
  /** Batches whose gradients are averaged to one step. */
  accumulate: z.int().min(1).max(4096).default(1).describe("batches whose gradients are averaged to make one step"),
  /** Weights whose rate differs; the longest prefix that fits a name counts. */
  groups: z
    .array(
      z.strictObject({
        prefix: prefix.describe("begin of the names of the group's weights, such as down0"),
        rateFactor: z.number().min(0).max(1000).describe("what the group's learning rate is multiplied with"),
      }),
    )
    .max(100)
    .default([])
    .describe("weights with a learning rate of their own; of several prefixes that fit a name the longest counts"),
  /** Weights that stay as they are. Running statistics of normalisations go on, as in PyTorch. */
  freeze: z
    .array(prefix)
    .max(100)
    .default([])
    .describe("begins of the names of weights that stay as they are; running statistics of normalisations go on"),
});

const adamBetas = {
  beta1: z.number().min(0).lt(1).default(0.9).describe("decay of the mean gradient, in [0, 1)"),
  beta2: z.number().min(0).lt(1).default(0.999).describe("decay of the mean squared gradient, in [0, 1)"),
  epsilon: z.number().gt(0).max(1).default(1e-8).describe("added to the root of the mean squared gradient"),
};

/** Adam with weight decay apart from the gradient. */
const adamwOptions = z.strictObject({
  kind: z.literal("adamw").optional().default("adamw").describe("Adam with weight decay apart from the gradient"),
  ...shared(2e-3, 1e-4),
  ...adamBetas,
});

/** Adam with weight decay as part of the gradient. */
const adamOptions = z.strictObject({
  kind: z.literal("adam").describe("Adam with weight decay as part of the gradient"),
  ...shared(2e-3, 1e-4),
  ...adamBetas,
});

/** Stochastic gradient descent. Momentum and Nesterov's are nnU-Net's by default. */
const sgdOptions = z.strictObject({
  kind: z.literal("sgd").describe("stochastic gradient descent"),
  ...shared(0.01, 3e-5),
  momentum: z.number().min(0).lt(1).default(0.99).describe("decay of the velocity, in [0, 1); 0: none"),
  nesterov: z.boolean().default(true).describe("look ahead along the velocity; without effect where momentum is 0"),
});

/** The optimizer and what its rate does over the steps: a closed list, told apart by `kind`; `adamw` where none is named. */
export const optimizerOptions = z.discriminatedUnion("kind", [adamwOptions, adamOptions, sgdOptions]).meta({ id: "optimizer" });
export type OptimizerOptions = z.output<typeof optimizerOptions>;
export type AdamOptions = Extract<OptimizerOptions, { kind: "adam" | "adamw" }>;
export type SgdOptions = Extract<OptimizerOptions, { kind: "sgd" }>;
