import type { Tensor } from "./tf.ts";

/** An attribute of a TensorFlow op, as the native addon takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: AttributeValue;
}
export type AttributeValue = number | boolean | string | readonly (number | boolean | string)[];

/** What the native addon says of a tensor that an op gave. */
export interface OutputInfo {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

type Constant = "TF_FLOAT" | "TF_INT32" | "TF_INT64" | "TF_BOOL";
type AttributeType = `TF_ATTR_${"INT" | "FLOAT" | "BOOL" | "TYPE" | "STRING" | "SHAPE"}`;

/** What we use of the native addon: every op of TensorFlow.js on it is one `executeOp`. The last two are ours, see native/functions.cc. */
export interface Binding extends Readonly<Record<Constant | AttributeType, number>> {
  createTensor(shape: readonly number[], dtype: number, values: NodeJS.TypedArray): number;
  executeOp(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): OutputInfo[];
  tensorDataSync(id: number): NodeJS.TypedArray;
  addFunction(name: string, graph: Buffer, inputs: readonly string[], outputs: readonly string[]): void;
  removeFunction(name: string): void;
}

/** What we use of the backend of @tensorflow/tfjs-node-gpu beyond TensorFlow.js' own interface. */
export interface NativeBackend {
  binding: Binding;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  executeMultipleOutputs(op: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[], outputs: number): Tensor[];
  /** Takes values in; they reach TensorFlow, by `createTensor`, only when an op needs them. */
  move(dataId: object, values: object, shape: readonly number[], dtype: string, refCount: number): void;
}
