import { UserError } from "../core/errors.ts";
import type { WeightArray } from "./model.ts";
import { checkFinite, type WeightSpec } from "./weights.ts";

/** Weights of another training, in our layout. */
export interface GivenWeights {
  /** Names the file in messages. */
  readonly where: string;
  /** The model that they are of, as the file says; null where it does not. */
  readonly kind: string | null;
  readonly weights: ReadonlyMap<string, WeightArray>;
}

/** The network that is to start from them. */
export interface Receiver {
  readonly kind: string;
  /** In the order of the forward pass. */
  readonly specs: readonly WeightSpec[];
  /** Begin of the names of its last layers, whose size is that of what it tells. */
  readonly head: string;
}

/** What a network starts from. */
export interface StartWeights {
  /** Weights to set, by name, of the network's own shapes. */
  readonly taken: ReadonlyMap<string, WeightArray>;
  /** Which of these are sums over the input channels of the given kernel. */
  readonly summed: readonly string[];
  /** The names of the others, which start at random. */
  readonly random: readonly string[];
  /** Whether the head is among those taken. */
  readonly takesHead: boolean;
}

/**
 * Decides which weights of one training another starts from. Taken is what has the same name and shape. The first kernel, where it is given for several input
 * channels and the network has one, is summed over them: a grey image then gives what it gave in every channel. A head of another size, or none, is left to
 * start at random. Nothing else may be missing, superfluous or of another shape.
 *
 * Sources: timm's `adapt_input_conv` (github.com/huggingface/pytorch-image-models, timm/models/_manipulate.py) for the first kernel; for the head,
 * `intersect_dicts` of YOLOv5 and `load_pretrained_weights` of nnU-Net.
 *
 * @param only - Begins of names: only weights that begin so are looked at, and all others start at random; none: all are.
 * @throws {UserError} (data) If a weight does not fit or is not finite; (usage) if a prefix begins no name of the network.
 */
export function takeWeights({ kind, specs, head }: Receiver, given: GivenWeights, only: readonly string[]): StartWeights {
  checkPrefixes(specs, only);
  const isWanted = (name: string) => only.length === 0 || only.some((prefix) => name.startsWith(prefix));
  const names = new Set(specs.map(({ name }) => name));
  const extra = [...given.weights.keys()].find((name) => isWanted(name) && !names.has(name));
  if (extra !== undefined) throw misfit(given, kind, "every weight has its place in it", `${extra} as well`);
  const taken = new Map<string, WeightArray>();
  const summed: string[] = [];
  const random: string[] = [];
  for (const [i, { name, shape }] of specs.entries()) {
    const weight = isWanted(name) ? given.weights.get(name) : undefined;
    if (weight !== undefined && isSame(weight.shape, shape)) taken.set(name, weight);
    else if (weight !== undefined && i === 0 && isOfMoreChannels(weight.shape, shape)) {
      taken.set(name, summedKernel(weight));
      summed.push(name);
    } else if (!isWanted(name) || name.startsWith(head)) random.push(name);
    else if (weight === undefined) throw misfit(given, kind, `needs ${name}`, "none");
    else throw misfit(given, kind, `${name} has shape [${shape.join(", ")}]`, `[${weight.shape.join(", ")}]`);
  }
  for (const [name, { data }] of taken) checkFinite(data, name, given.where);
  if (taken.size === 0) throw misfit(given, kind, "at least one weight is taken", "none");
  return { taken, summed, random, takesHead: !random.some((name) => name.startsWith(head)) };
}

function checkPrefixes(specs: readonly WeightSpec[], only: readonly string[]): void {
  const stray = only.find((prefix) => !specs.some(({ name }) => name.startsWith(prefix)));
  if (stray === undefined) return;
  const layers = [...new Set(specs.map(({ name }) => name.split(".")[0]))].join(", ");
  throw new UserError(
    "usage",
    `train.init.only: a prefix must be the begin of a weight's name; got "${stray}". Names begin with ${layers}.`,
  );
}

function misfit({ where, kind }: GivenWeights, wanted: string, rule: string, got: string): UserError {
  const of = kind === null ? "" : ` of a ${kind}`;
  return new UserError(
    "data",
    `${where}: weights${of} do not fit the ${wanted} to train: ${rule}; got ${got}. ` +
      "Use the model options that they were trained with, or name what to take in train.init.only.",
  );
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.join() === b.join();
}

/** Whether a kernel is for several input channels where one for a single channel is wanted, and the same apart from that. */
function isOfMoreChannels(given: readonly number[], wanted: readonly number[]): boolean {
  const [height, width, inside, outside] = given;
  return wanted.length === 4 && wanted[2] === 1 && inside! > 1 && isSame([height!, width!, 1, outside!], wanted);
}

/** A kernel, height x width x in x out, summed over its input channels. */
function summedKernel({ shape, data }: WeightArray): WeightArray {
  const [height, width, inside, outside] = shape as [number, number, number, number];
  const out = new Float32Array(height * width * outside);
  for (let i = 0; i < out.length; i++) {
    const first = Math.floor(i / outside) * inside * outside + (i % outside);
    let sum = 0;
    for (let channel = 0; channel < inside; channel++) sum += data[first + channel * outside]!;
    out[i] = sum;
  }
  return { shape: [height, width, 1, outside], data: out };
}
