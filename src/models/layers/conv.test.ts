import { expect, test } from "vitest";
import { seeded, worst } from "../../../test/helpers/seeded.ts";
import { backends, usable } from "../../../test/helpers/torch-cases.ts";
import { type Tensor, type Tensor4D, tf } from "../../backend/tf.ts";
import { record } from "../../backend/traced/record.ts";
import { convolve, everyOther } from "./conv.ts";

const tensor = (name: string, shape: [number, number, number, number]) => tf.tensor4d(seeded(name, shape).data, shape);

test.each(backends)("%s: every other pixel is picked one by one, and its gradient goes there alone", async (backend) => {
  if (!(await usable(backend))) return;
  for (const [height, width] of [
    [5, 6],
    [6, 5],
    [1, 1],
    [4, 4],
  ] as const) {
    const x = tensor("x", [2, height, width, 3]);
    const picked = everyOther(x).arraySync() as number[][][][];
    const all = x.arraySync();
    expect(picked).toEqual(
      all.map((image) => image.filter((_, i) => i % 2 === 0).map((row) => row.filter((_, j) => j % 2 === 0))),
    );
    const gradient = tf
      .grad((of: Tensor) => tf.sum(everyOther(of as Tensor4D)))(x)
      .arraySync() as number[][][][];
    expect(gradient).toEqual(all.map((image) => image.map((row, i) => row.map((pixel, j) => pixel.map(() => (i % 2 === 0 && j % 2 === 0 ? 1 : 0)))))); // biome-ignore format: one line
  }
});

test.each(backends)(
  "%s: a narrow 1 x 1 convolution with stride 2 and its gradients are TensorFlow's plain ones",
  async (backend) => {
    const own = (x: Tensor, kernel: Tensor) => convolve(x as Tensor4D, kernel as Tensor4D, 2);
    const plain = (x: Tensor, kernel: Tensor) => tf.conv2d(x as Tensor4D, kernel as Tensor4D, 2, "valid");
    const of = (f: typeof own) => {
      const [x, kernel] = [tensor("x", [2, 7, 10, 4]), tensor("kernel", [1, 1, 4, 8])];
      const { value, grads } = tf.valueAndGrads((a: Tensor, b: Tensor) => tf.sum(tf.square(f(a, b))))([x, kernel]);
      return [f(x, kernel), value, ...grads].map((t) => t.dataSync());
    };
    if (!(await usable(backend))) return;
    const got = of(own);
    await usable("cpu");
    of(plain).forEach((expected, i) => void expect(worst(got[i]!, expected)).toBeLessThan(1e-5));
  },
);

test("no narrow 1 x 1 convolution with stride 2 reaches TensorFlow, whose gradient of it is broken; a wide one does", async () => {
  if (!(await usable("tensorflow"))) return;
  const strides = (channels: number) => {
    const run = ([x, kernel]: readonly Tensor[]) => [convolve(x as Tensor4D, kernel as Tensor4D, 2)];
    const { nodes } = record(run, [tensor("x", [1, 8, 8, channels]), tensor("kernel", [1, 1, channels, 8])]);
    return nodes.find(({ op }) => op === "Conv2D")!.attributes.find(({ name }) => name === "strides")!.value;
  };
  expect([strides(4), strides(15), strides(16)]).toEqual([
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 2, 2, 1],
  ]);
});
