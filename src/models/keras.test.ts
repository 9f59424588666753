import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { seeded, worst } from "../../test/helpers/seeded.ts";
import { backends, usable } from "../../test/helpers/torch-cases.ts";
import { type Tensor4D, tf } from "../backend/tf.ts";
import { openH5 } from "../data/h5.ts";
import { importKerasResNet } from "./import/keras.ts";
import type { FileTensor } from "./import/state-dict.ts";
import { buildResNet, resnetOptions } from "./resnet.ts";
import { setWeights } from "./weights.ts";

// Made by scripts/fixtures/keras_resnet.py: a ResNet-50 of width 1 of keras.applications' own blocks, saved by Keras, and its logits.
const fixture = (name: string) => readFileSync(new URL(`../../test/fixtures/${name}`, import.meta.url));
const report = JSON.parse(fixture("keras-resnet.json").toString());
const options = resnetOptions.parse({ kind: "resnet50", width: 1, strideIn: "1x1" });
let file: Map<string, FileTensor>;
beforeAll(async () => {
  file = await openH5(gunzipSync(fixture("keras-resnet.h5.gz")), "x.h5");
});

/** Logits of a ResNet-50 with the weights of the file. */
function logits(strideIn: "1x1" | "3x3"): ArrayLike<number> {
  const model = buildResNet({ ...options, strideIn }, { inChannels: 3, outChannels: 3, seed: 1 });
  setWeights(model, importKerasResNet(file, options, "x.h5"), "x.h5");
  const out = tf.tidy(() => model.apply(tf.tensor(seeded("image", report.shape).data, report.shape) as Tensor4D, { training: false }).dataSync()); // biome-ignore format: one line
  model.dispose();
  return out;
}

describe.each(backends)("against Keras on %s", (backend) => {
  test("the logits of a ResNet-50 saved by Keras, biases and its own epsilon included", async (context) => {
    if (!(await usable(backend))) return context.skip();
    expect(worst(logits("1x1"), report.logits)).toBeLessThan(1e-5);
    expect(worst(logits("3x3"), report.logits)).toBeGreaterThan(1e-2); // where the stride is matters
  });
});

test("names with :0 or without model_weights are the same; what is missing or superfluous is named; an optimizer's memory is not read", () => {
  const said = (change: (path: string) => string | null, more: [string, FileTensor][] = []) => {
    const kept = [...file].flatMap(([path, tensor]) => {
      const name = change(path);
      return name === null ? [] : [[name, tensor] as const];
    });
    try {
      return importKerasResNet(new Map([...kept, ...more]), options, "x.h5").size;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const scalar: FileTensor = { shape: [1], read: () => new Float32Array(1) };
  expect(said((path) => `${path.replace("model_weights/", "")}:0`)).toBe(267);
  expect(said((path) => path, [["optimizer_weights/adam/iterations", scalar]])).toBe(267);
  expect(said((path) => (path.endsWith("conv4_block6_2_bn/gamma") ? null : path))).toBe(
    "x.h5: not the weights of a resnet50 of keras.applications: needs conv4_block6_2_bn/gamma; got none. Name the model that they are of.",
  );
  expect(said((path) => path, [["model_weights/post_bn/post_bn/gamma", scalar]])).toContain("got post_bn/gamma as well");
});
