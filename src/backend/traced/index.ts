import type { NativeBackend, OpAttribute } from "../binding.ts";
import { isNative } from "../execute.ts";
import { type Tensor, tf } from "../tf.ts";
import type { GraphNode } from "./graph.ts";
import { type Recording, record, type TensorFunction } from "./record.ts";

/** How a traced function runs: op by op, as one TensorFlow function, or as one that XLA compiles. */
export type Compile = "off" | "graph" | "xla";

/** How {@link traced} treats a function. */
export interface TracedOptions {
  readonly compile?: Compile;
  /** Whether the second call for inputs of one kind compares what the function does with what it did. */
  readonly isChecked?: boolean;
}

/** A function that was given to {@link traced}. */
export interface Traced {
  /** Results for these inputs; the caller disposes of them. */
  (inputs: readonly Tensor[]): Tensor[];
  /** Forgets what was compiled. */
  dispose(): void;
}

/** What was compiled for inputs of one kind. */
interface Compiled {
  readonly name: string;
  readonly recording: Recording;
  calls: number;
}

const prefix = "traced_";
let functions = 0;

/** Whether an op is a function that {@link traced} made. */
export function isTraced(op: string): boolean {
  return op.startsWith(prefix);
}

/**
 * Makes one TensorFlow function of a function of tensors, as `tf.function` does in Python: hundreds of calls from JavaScript become one, and
 * TensorFlow may fuse and reorder inside. The native backend only; elsewhere, and with `compile: "off"`, it runs op by op.
 *
 * For each new set of input shapes and types the function is run once to record its ops (those results are thrown away); what is returned always
 * comes from the compiled function, so that results do not depend on how often it was called. The second call records once more and compares, unless told not to.
 *
 * The function must do the same ops whatever the values; take every tensor that it uses, and every number that changes from call to call, as an
 * input; return tensors of its own; keep none; and read none. Gradients inside work; no gradient flows through it from outside.
 *
 * @throws {RangeError} When it is called, if the function does not keep to that.
 */
export function traced(run: TensorFunction, { compile = "graph", isChecked = true }: TracedOptions = {}): Traced {
  const compiled = new Map<string, Compiled>();
  const call = (inputs: readonly Tensor[]): Tensor[] => {
    if (compile === "off" || !isNative()) return tf.tidy(() => [...run(inputs)]);
    const kind = inputs.map(({ dtype, shape }) => `${dtype}[${shape.join()}]`).join();
    const known = compiled.get(kind) ?? compileFor(record(run, inputs));
    compiled.set(kind, known);
    if (++known.calls === 2 && isChecked) compare(known.recording, record(run, inputs));
    return execute(known, inputs, compile);
  };
  const dispose = () => {
    for (const { name } of compiled.values()) native().binding.removeFunction(name);
    compiled.clear();
  };
  return Object.assign(call, { dispose });
}

function compileFor(recording: Recording): Compiled {
  const name = `${prefix}${functions++}`;
  native().binding.addFunction(name, recording.graph, recording.inputs, recording.outputs);
  return { name, recording, calls: 0 };
}

function execute({ name, recording }: Compiled, inputs: readonly Tensor[], compile: Compile): Tensor[] {
  const backend = native();
  const { TF_ATTR_BOOL } = backend.binding;
  const attributes: OpAttribute[] = compile === "xla" ? [{ name: "_XlaMustCompile", type: TF_ATTR_BOOL, value: true }] : [];
  return backend.executeMultipleOutputs(name, attributes, inputs, recording.outputs.length);
}

/** @throws {RangeError} If a second recording is not the first again: something that changes is baked into the graph. */
function compare(first: Recording, second: Recording): void {
  if (first.graph.equals(second.graph)) return;
  const differs = (node: GraphNode, i: number) => JSON.stringify(node) !== JSON.stringify(second.nodes[i]);
  const changed = first.nodes.find(differs) ?? second.nodes[first.nodes.length]!;
  const user = first.nodes.find(({ inputs }) => inputs.includes(`${changed.name}:0`));
  const what = changed.op === "Const" && user !== undefined ? `a number that ${user.name} takes` : changed.name;
  throw new RangeError(`a traced function must do the same at every call, but ${what} changed; give what changes as an input`);
}

function native(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}
