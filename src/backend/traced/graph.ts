import { createRequire } from "node:module";
import type { AttributeValue, Binding, OpAttribute } from "../binding.ts";

// The messages of TensorFlow's GraphDef come with @tensorflow/tfjs-node-gpu, which reads saved models with them.

interface ProtoShape {
  addDim(dim: { setSize(size: number): void }): void;
}
interface ProtoList {
  setIList(v: readonly number[]): void;
  setFList(v: readonly number[]): void;
  setBList(v: readonly boolean[]): void;
  setTypeList(v: readonly number[]): void;
  addS(v: Uint8Array): void;
}
interface ProtoAttribute {
  setI(v: number): void;
  setF(v: number): void;
  setB(v: boolean): void;
  setType(v: number): void;
  setS(v: Uint8Array): void;
  setShape(v: ProtoShape): void;
  setList(v: ProtoList): void;
  setTensor(v: ProtoTensor): void;
}
interface ProtoTensor {
  setDtype(v: number): void;
  setTensorShape(v: ProtoShape): void;
  setTensorContent(v: Uint8Array): void;
}
interface ProtoNode {
  setName(v: string): void;
  setOp(v: string): void;
  setInputList(v: readonly string[]): void;
  getAttrMap(): { set(name: string, value: ProtoAttribute): void };
}
interface ProtoGraph {
  setNodeList(v: readonly ProtoNode[]): void;
  setVersions(v: { setProducer(v: number): void }): void;
  serializeBinary(): Uint8Array;
}
interface Proto {
  GraphDef: new () => ProtoGraph;
  NodeDef: new () => ProtoNode;
  AttrValue: (new () => ProtoAttribute) & { ListValue: new () => ProtoList };
  Tensor: new () => ProtoTensor;
  TensorShape: (new () => ProtoShape) & { Dim: new () => { setSize(size: number): void } };
  VersionDef: new () => { setProducer(v: number): void };
}

const require = createRequire(import.meta.url);
let loadedProto: Proto | undefined;
function proto(): Proto {
  loadedProto ??= require("@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js") as Proto;
  return loadedProto;
}

/** Version of the GraphDef format that TensorFlow 2.15 writes; libtensorflow 2.15 and later read it. */
const producer = 1645;

/** Values of a constant, as bytes. */
export interface ConstantValue {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly bytes: Uint8Array;
}

/** One node of a graph: an op, the outputs (`name:index`) that it takes, and its attributes. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: readonly OpAttribute[];
  /** Only of a `Const`. */
  readonly value?: ConstantValue;
  /** Only of a `Placeholder`. */
  readonly shape?: readonly number[];
}

/** The bytes of a GraphDef. */
export function encodeGraph(binding: Binding, nodes: readonly GraphNode[]): Buffer {
  const { GraphDef, VersionDef } = proto();
  const graph = new GraphDef();
  graph.setNodeList(nodes.map((node) => encodeNode(binding, node)));
  const versions = new VersionDef();
  versions.setProducer(producer);
  graph.setVersions(versions);
  return Buffer.from(graph.serializeBinary());
}

function encodeNode(binding: Binding, { name, op, inputs, attributes, value, shape }: GraphNode): ProtoNode {
  const { NodeDef, AttrValue } = proto();
  const node = new NodeDef();
  node.setName(name);
  node.setOp(op);
  node.setInputList(inputs);
  const map = node.getAttrMap();
  for (const attribute of attributes) map.set(attribute.name, encodeAttribute(binding, op, attribute));
  if (shape !== undefined) {
    const attribute = new AttrValue();
    attribute.setShape(encodeShape(shape));
    map.set("shape", attribute);
  }
  if (value !== undefined) {
    const attribute = new AttrValue();
    attribute.setTensor(encodeTensor(value));
    map.set("value", attribute);
  }
  return node;
}

function encodeAttribute(binding: Binding, op: string, { name, type, value }: OpAttribute): ProtoAttribute {
  const { AttrValue } = proto();
  const out = new AttrValue();
  if (type === binding.TF_ATTR_SHAPE) out.setShape(encodeShape(value as readonly number[]));
  else if (Array.isArray(value)) out.setList(encodeList(binding, type, value));
  else if (type === binding.TF_ATTR_INT) out.setI(value as number);
  else if (type === binding.TF_ATTR_FLOAT) out.setF(value as number);
  else if (type === binding.TF_ATTR_BOOL) out.setB(value as boolean);
  else if (type === binding.TF_ATTR_TYPE) out.setType(value as number);
  else if (type === binding.TF_ATTR_STRING) out.setS(Buffer.from(value as string));
  else throw new RangeError(`encodeAttribute: ${op}.${name} is of a kind ${type} that a traced graph cannot hold`);
  return out;
}

function encodeList(binding: Binding, type: number, values: AttributeValue & readonly unknown[]): ProtoList {
  const list = new (proto().AttrValue.ListValue)();
  if (type === binding.TF_ATTR_INT) list.setIList(values as readonly number[]);
  else if (type === binding.TF_ATTR_FLOAT) list.setFList(values as readonly number[]);
  else if (type === binding.TF_ATTR_BOOL) list.setBList(values as readonly boolean[]);
  else if (type === binding.TF_ATTR_TYPE) list.setTypeList(values as readonly number[]);
  else for (const value of values) list.addS(Buffer.from(String(value)));
  return list;
}

function encodeTensor({ shape, dtype, bytes }: ConstantValue): ProtoTensor {
  const tensor = new (proto().Tensor)();
  tensor.setDtype(dtype);
  tensor.setTensorShape(encodeShape(shape));
  tensor.setTensorContent(bytes);
  return tensor;
}

function encodeShape(sizes: readonly number[]): ProtoShape {
  const { TensorShape } = proto();
  const shape = new TensorShape();
  for (const size of sizes) {
    const dim = new TensorShape.Dim();
    dim.setSize(size);
    shape.addDim(dim);
  }
  return shape;
}
