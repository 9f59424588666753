import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type BackendName, readyBackend } from "../../src/backend/index.ts";
import { type Tensor, tf } from "../../src/backend/tf.ts";
import { traced } from "../../src/backend/traced/index.ts";
import { silentReporter } from "../../src/core/context.ts";
import { seeded, worst } from "./seeded.ts";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

/** A case of scripts/fixtures/seeded.py. */
interface TorchCase {
  /** By name: shape, and the range of numbers made of the name. */
  readonly inputs: Readonly<Record<string, readonly [number[], number, number]>>;
  readonly output: Numbers;
  /** Of the sum of the output times numbers made of the name. */
  readonly gradients: Readonly<Record<string, Numbers>>;
}

export type Inputs = Readonly<Record<string, Tensor>>;

/** Whether a backend is there; prints why a test is skipped where it is not. Leaves it current. */
export async function usable(name: BackendName): Promise<boolean> {
  try {
    await readyBackend(name, silentReporter);
    return true;
  } catch (error) {
    console.log(`${name} skipped: ${(error as Error).message}`);
    return false;
  }
}

export const backends = ["tensorflow", "wasm", "cpu"] as const satisfies readonly BackendName[];

/** Holds each function to the value and gradients of the fixture's case of its name, within 1e-5 of the largest, on every backend. */
export function testTorchCases(fixture: string, functions: Readonly<Record<string, (inputs: Inputs) => Tensor>>): void {
  const text = readFileSync(new URL(`../fixtures/${fixture}`, import.meta.url), "utf8");
  const cases = Object.entries(JSON.parse(text) as Record<string, TorchCase>);
  test("every function has a reference and every reference a function", () => {
    expect(cases.map(([name]) => name).sort()).toEqual(Object.keys(functions).sort());
  });
  describe.each(backends)("against PyTorch on %s", (backend) => {
    test.for(cases)("%s", async ([name, reference], context) => {
      if (!(await usable(backend))) return context.skip();
      const before = tf.memory().numTensors;
      tf.tidy(() => checkCase(name, reference, functions[name]!));
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}

function checkCase(name: string, { inputs, output, gradients }: TorchCase, run: (inputs: Inputs) => Tensor): void {
  const all = Object.entries(inputs).map(([key, [shape, low, high]]): [string, Tensor] => {
    return [key, tf.tensor(seeded(`${name}/${key}`, shape, low, high).data, shape)];
  });
  const value = run(Object.fromEntries(all));
  expect(value.shape).toEqual(output.shape);
  expect(worst(value.dataSync(), output.data)).toBeLessThan(1e-5);
  const weight = output.shape.length === 0 ? tf.scalar(1) : tf.tensor(seeded(`${name}/weight`, output.shape).data, output.shape);
  const moved = all.filter(([key]) => key in gradients);
  const rest = all.filter(([key]) => !(key in gradients));
  const scalar = (values: readonly Tensor[], others: readonly Tensor[], factor: Tensor) => {
    const given = moved.map(([key], i): [string, Tensor] => [key, values[i]!]);
    const fixed = rest.map(([key], i): [string, Tensor] => [key, others[i]!]);
    return tf.sum(tf.mul(run(Object.fromEntries([...given, ...fixed])), factor));
  };
  const gradientsOf = (tensors: readonly Tensor[]) => {
    const others = tensors.slice(moved.length, -1);
    return tf.grads((...values: Tensor[]) => scalar(values, others, tensors.at(-1)!))(tensors.slice(0, moved.length));
  };
  const given = [...moved, ...rest].map(([, tensor]) => tensor).concat(weight);
  const compiled = traced(gradientsOf); // op by op but on native TensorFlow
  for (const [i, [key]] of moved.entries()) {
    for (const got of [gradientsOf(given), compiled(given)])
      expect(worst(got[i]!.dataSync(), gradients[key]!.data), `gradient for ${key}`).toBeLessThan(1e-5);
  }
  compiled.dispose();
}
