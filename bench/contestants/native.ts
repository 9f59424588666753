import type { Binding, NativeBackend } from "../../src/backend/binding.ts";
import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { seededRng } from "../../src/core/rng.ts";
import type { Answer, Case } from "./serve.ts";

/** Makes a step out of one that leaves its result on the device: reads and frees it, and counts what the step asked of TensorFlow's addon. */
export function countedStep(run: () => { dataSync(): unknown; dispose(): void }): () => Pick<Answer, "calls" | "jsMs"> {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding } = backend;
  let [calls, inside] = [0, 0];
  const timed = <Args extends unknown[], Result>(call: (...args: Args) => Result) =>
    function (this: unknown, ...args: Args): Result {
      const start = performance.now();
      const result = call.apply(binding, args);
      inside += performance.now() - start;
      calls++;
      return result;
    };
  const own: Pick<Binding, "executeOp" | "createTensor" | "tensorDataSync"> = {
    executeOp: timed(binding.executeOp),
    createTensor: timed(binding.createTensor),
    tensorDataSync: timed(binding.tensorDataSync),
  };
  backend.binding = Object.create(binding, Object.getOwnPropertyDescriptors(own)) as Binding;
  return () => {
    [calls, inside] = [0, 0];
    const start = performance.now();
    const result = run();
    result.dataSync();
    result.dispose();
    return { calls, jsMs: performance.now() - start - inside };
  };
}

/** The grey U-Net takes one channel, the others three. */
export const channelsOf = ({ model }: Case): number => (model === "unet" ? 1 : 3);

export function noise(shape: [number, number, number, number], seed: number): Tensor4D {
  const rng = seededRng(seed);
  return tf.tensor4d(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.uniform()), shape); // biome-ignore format: short
}
