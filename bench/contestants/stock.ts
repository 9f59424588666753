// Contestant of bench/train.ts: the same networks by the layers and the optimizer that TensorFlow.js comes with, on the same native TensorFlow.
import { readyBackend } from "../../src/backend/index.ts";
import { backendOptions } from "../../src/backend/options.ts";
import { type Tensor, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { channelsOf, countedStep, noise } from "./native.ts";
import { type Case, serve } from "./serve.ts";

type Symbolic = ReturnType<typeof tf.input>;

const chain = (x: Symbolic, ...layers: { apply(x: Symbolic): unknown }[]) =>
  layers.reduce((y, layer) => layer.apply(y) as Symbolic, x);

function convNorm(filters: number, kernelSize: number, strides = 1, activation = true) {
  const conv = tf.layers.conv2d({ filters, kernelSize, strides, padding: "same", useBias: false });
  return [conv, tf.layers.batchNormalization({}), ...(activation ? [tf.layers.reLU()] : [])];
}

function unet({ channels, size }: Case) {
  const [levels, image] = [channels!.length, tf.input({ shape: [size, size, 1] })];
  const skips: Symbolic[] = [];
  let x: Symbolic = image;
  for (const width of channels!.slice(0, -1)) {
    x = chain(x, ...convNorm(width, 3), ...convNorm(width, 3));
    skips.push(x);
    x = chain(x, tf.layers.maxPooling2d({ poolSize: 2 }));
  }
  x = chain(x, ...convNorm(channels!.at(-1)!, 3), ...convNorm(channels!.at(-1)!, 3));
  for (let level = levels - 2; level >= 0; level--) {
    const filters = channels![level]!;
    const wide = chain(x, tf.layers.conv2dTranspose({ filters, kernelSize: 2, strides: 2 }));
    const joined = tf.layers.concatenate().apply([skips[level]!, wide]) as Symbolic;
    x = chain(joined, ...convNorm(filters, 3), ...convNorm(filters, 3));
  }
  return tf.model({ inputs: image, outputs: chain(x, tf.layers.conv2d({ filters: 2, kernelSize: 1 })) });
}

function resnet({ model, size }: Case) {
  const image = tf.input({ shape: [size, size, 3] });
  let x = chain(image, ...convNorm(64, 7, 2), tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }));
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    for (let i = 0; i < blocks; i++) {
      const [width, strides] = [64 * 2 ** stage, stage > 0 && i === 0 ? 2 : 1];
      const outside = model === "resnet50" ? 4 * width : width;
      const through =
        model === "resnet50"
          ? chain(x, ...convNorm(width, 1), ...convNorm(width, 3, strides), ...convNorm(outside, 1, 1, false))
          : chain(x, ...convNorm(width, 3, strides), ...convNorm(width, 3, 1, false));
      const beside = x.shape.at(-1) === outside ? x : chain(x, ...convNorm(outside, 1, strides, false));
      x = chain(tf.layers.add().apply([through, beside]) as Symbolic, tf.layers.reLU());
    }
  }
  const logits = chain(x, tf.layers.globalAveragePooling2d({}), tf.layers.dense({ units: 1 }), tf.layers.reshape({ targetShape: [1, 1, 1] })); // biome-ignore format: one line
  return tf.model({ inputs: image, outputs: logits });
}

await readyBackend(backendOptions.parse(process.argv[2]), silentReporter);
await serve(`TensorFlow.js ${tf.version.tfjs} layers`, (of) => {
  if (of.model === "yolov5s") return null;
  const model = of.model === "unet" ? unet(of) : resnet(of);
  const { batch, size } = of;
  const image = noise([batch, size, size, channelsOf(of)], 1);
  if (of.what === "predict") return countedStep(() => tf.tidy(() => model.predict(image) as Tensor));
  const target = tf.round(noise([batch, ...model.outputs[0]!.shape.slice(1)] as [number, number, number, number], 2)) as Tensor;
  const optimizer = tf.train.adam(2e-3);
  return countedStep(() => {
    const lossOf = () => {
      const logits = model.apply(image, { training: true }) as Tensor;
      return tf.losses.sigmoidCrossEntropy(target, logits) as ReturnType<typeof tf.scalar>;
    };
    return optimizer.minimize(lossOf, true)!;
  });
});
