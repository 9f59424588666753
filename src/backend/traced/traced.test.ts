import { beforeAll, describe, expect, test } from "vitest";
import { silentReporter } from "../../core/context.ts";
import { batchNormTrain, relu } from "../ops.ts";
import { chooseBackend, readyBackend } from "../ready.ts";
import { type Tensor, type Tensor1D, type Tensor4D, tf } from "../tf.ts";
import { type Compile, traced } from "./index.ts";

const isMissing = chooseBackend().backend === "wasm";
if (isMissing) console.warn("traced functions skipped: the native addon is not installed");

const image = (seed: number, n = 2) => tf.randomNormal([n, 8, 8, 3], 0, 1, "float32", seed) as Tensor4D;
const kernel = () => tf.randomNormal([3, 3, 3, 3], 0, 0.3, "float32", 9) as Tensor4D;

/** A small network's loss and its gradient: convolution, normalisation, ReLU, pooling, the ops of a real step. */
function lossAndGradient([x, k, rate]: readonly Tensor[], pool = true): Tensor[] {
  const loss = (weights: Tensor) => {
    const y = tf.conv2d(x as Tensor4D, weights as Tensor4D, 1, "same");
    const { y: normal } = batchNormTrain(y, tf.ones([3]) as Tensor1D, tf.zeros([3]) as Tensor1D, 1e-5);
    const pooled = pool ? tf.maxPool(relu(normal), 2, 2, "valid") : relu(normal);
    return tf.mean(tf.square(tf.concat([pooled, pooled], 3)));
  };
  const { value, grad } = tf.valueAndGrad(loss)(k!);
  return [value, tf.sub(k!, tf.mul(grad, rate!))];
}

const values = (tensors: readonly Tensor[]) => tensors.map((t) => [...t.dataSync()]);

describe.skipIf(isMissing)("on native TensorFlow", () => {
  beforeAll(async () => void (await readyBackend("tensorflow", silentReporter)));

  test.each(["graph", "xla"] as const)(
    "%s gives the numbers of op by op, for any values and shapes, and leaks nothing",
    (compile) => {
      const run = (inputs: readonly Tensor[]) => lossAndGradient(inputs, compile === "graph"); // XLA has no deterministic MaxPoolGrad
      const fast = traced(run, { compile });
      const weights = kernel();
      for (const [seed, n, rate] of [
        [1, 2, 0.1],
        [2, 2, 0.5],
        [3, 5, 0.1],
        [4, 2, 0.2],
      ] as const) {
        const inputs = [image(seed, n), weights, tf.scalar(rate)];
        const slow = tf.tidy(() => run(inputs));
        const before = tf.memory().numTensors;
        const quick = fast(inputs);
        expect(tf.memory().numTensors).toBe(before + 2);
        for (const [i, list] of values(quick).entries()) {
          const expected = values(slow)[i]!;
          for (const [j, v] of list.entries())
            expect(Math.abs(v - expected[j]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[j]!)));
        }
        tf.dispose([...slow, ...quick, inputs[0]!, inputs[2]!]);
      }
      fast.dispose();
      expect(values(fast([image(1), weights, tf.scalar(0)]))[1]).toEqual(values([weights])[0]); // compiled anew
      fast.dispose();
    },
  );

  test("the same call gives the same bits, first or tenth", () => {
    const fast = traced((inputs) => lossAndGradient(inputs));
    const inputs = [image(1), kernel(), tf.scalar(0.1)];
    const first = values(fast(inputs));
    for (let i = 0; i < 9; i++) expect(values(fast(inputs))).toEqual(first);
    fast.dispose();
  });

  test("an output may be an input, a constant, or twice the same", () => {
    const fast = traced(([x]) => {
      const sum = tf.add(x!, 1);
      return [x!, tf.scalar(7), sum, sum];
    });
    for (let i = 0; i < 3; i++) expect(values(fast([tf.tensor1d([i, 2])]))).toEqual([[i, 2], [7], [i + 1, 3], [i + 1, 3]]);
    fast.dispose();
  });

  test("inputs may be the same tensor at first and another later", () => {
    const fast = traced(([x, y]) => [tf.sub(x!, tf.mul(y!, 2))]);
    const x = tf.tensor1d([1, 2]);
    expect(values(fast([x, x.clone()]))).toEqual([[-1, -2]]);
    expect(values(fast([x, tf.tensor1d([5, 5])]))).toEqual([[-9, -8]]);
    expect(values(fast([tf.tensor1d([5, 5]), x]))).toEqual([[3, 1]]);
    fast.dispose();
  });

  const broken: readonly (readonly [string, (inputs: readonly Tensor[], call: number) => Tensor[], RegExp])[] = [
    ["a number that changes", ([x], call) => [tf.mul(x!, 0.5 + call)], /a number that Mul_0 takes changed; give what changes as an input/],
    ["ops that change", ([x], call) => [call === 1 ? tf.exp(x!) : tf.log(x!)], /Exp_0 changed/],
    ["one op more", ([x], call) => (call === 1 ? [tf.exp(x!)] : [tf.abs(tf.exp(x!))]), /changed; give/],
    ["a tensor from outside", ([x]) => [tf.add(x!, outside)], /must get every tensor as an input; Add takes one from outside/],
    ["an outside tensor that no op has used yet", ([x]) => [tf.add(x!, fresh())], /takes one from outside/],
    ["reading", ([x]) => [tf.scalar(x!.dataSync()[0]!)], /must not read a tensor/],
  ]; // biome-ignore format: one case a line
  const outside = tf.tidy(() => tf.keep(tf.tensor1d([1, 2])));
  const made: Tensor[] = [];
  const fresh = () => made.at(-1)!;

  test.each(broken)("refuses %s", (_, run, message) => {
    let call = 0;
    made.push(tf.tensor1d([3, 4]));
    const fast = traced((inputs) => run(inputs, ++call));
    expect(() => {
      for (let i = 0; i < 3; i++) fast([tf.tensor1d([1, 2])]);
    }).toThrow(message);
    expect(values([tf.add(tf.tensor1d([1]), 1)])).toEqual([[2]]); // the backend is whole again
    fast.dispose();
  });
});

test.each(["cpu", "off"])("%s: runs op by op", async (how) => {
  await readyBackend(how === "cpu" || isMissing ? "cpu" : "tensorflow", silentReporter);
  const compile: Compile = how === "off" ? "off" : "graph";
  let calls = 0;
  const plain = traced(([x]) => [tf.mul(x!, ++calls)], { compile });
  expect([values(plain([tf.scalar(3)])), values(plain([tf.scalar(3)]))]).toEqual([[[3]], [[6]]]);
  plain.dispose();
});
