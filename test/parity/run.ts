import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { ConcreteBackend } from "../../src/backend/options.ts";
import { readyBackend } from "../../src/backend/ready.ts";
import { type Tensor, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { UserError } from "../../src/core/errors.ts";
import { parityOps } from "./cases.ts";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

interface Case {
  readonly inputs: readonly Numbers[];
  /** Weight of each value of the first output in the scalar whose gradient is taken. */
  readonly weight: Numbers;
  readonly outputs: readonly Numbers[];
  /** By index of the input. */
  readonly gradients: Readonly<Record<string, Numbers>>;
}

const fixture = new URL("../fixtures/ops-parity.json", import.meta.url);

/** The reference: computed in float64 by JAX. */
export function parityCases(): ReadonlyMap<string, Case> {
  return new Map(Object.entries(JSON.parse(readFileSync(fixture, "utf8"))));
}

/** Largest difference over the largest reference value. */
function relativeError(actual: Float32Array | Int32Array | Uint8Array, reference: Numbers): number {
  const scale = Math.max(...reference.data.map(Math.abs), 1e-12);
  const worst = reference.data.map((value, i) => Math.abs(value - actual[i]!));
  return worst.every(Number.isFinite) ? Math.max(...worst) / scale : Number.NaN;
}

const tensor = ({ shape, data }: Numbers): Tensor => tf.tensor(data, shape, "float32");

type Op = (typeof parityOps)[string];

/** The gradients that the reference has, in its order. */
function computeGradients(op: Op, { inputs, weight, gradients }: Case): Tensor[] {
  const all = inputs.map(tensor);
  const wanted = Object.keys(gradients).map(Number);
  const scalar = (...varied: Tensor[]) => {
    const first = [op(...all.map((input, i) => varied[wanted.indexOf(i)] ?? input))].flat()[0] as Tensor;
    return tf.sum(tf.mul(first, tensor(weight)));
  };
  return tf.grads(scalar)(wanted.map((i) => all[i]!));
}

function checkCase(op: Op, reference: Case): void {
  const outputs = [op(...reference.inputs.map(tensor))].flat() as Tensor[];
  outputs.forEach((output, i) => {
    checkTensor(output, reference.outputs[i]!, `output ${i}`);
  });
  const wanted = Object.entries(reference.gradients);
  if (wanted.length === 0) return;
  const gradients = computeGradients(op, reference);
  wanted.forEach(([input, numbers], i) => {
    checkTensor(gradients[i]!, numbers, `gradient for input ${input}`);
  });
}

function checkTensor(actual: Tensor, reference: Numbers, what: string): void {
  expect(actual.shape, what).toEqual(reference.shape);
  expect(relativeError(actual.dataSync(), reference), what).toBeLessThan(1e-4);
}

/** Tests every op of the list on one backend: value and gradient within 1e-4 of the reference. Each test file is a process of its own. */
export function testParity(backend: ConcreteBackend): void {
  let missing: string | undefined;
  beforeAll(async () => {
    try {
      await readyBackend(backend, silentReporter);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      missing = error.message;
      console.warn(`parity on ${backend} skipped: ${missing}`);
    }
  });
  describe(`on ${backend}`, () => {
    test.for([...parityCases()])("%s", ([name, reference], { skip }) => {
      if (missing !== undefined) return skip(missing);
      tf.tidy(() => checkCase(parityOps[name]!, reference));
    });
  });
}
