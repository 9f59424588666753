import { createRequire } from "node:module";

// One instance for the whole process: the native backend is CommonJS and requires this very module.
const require = createRequire(import.meta.url);

type TensorFlow = typeof import("@tensorflow/tfjs");
let loaded: TensorFlow | undefined;

/** TensorFlow.js. Everything outside this folder gets it from here. It is loaded when it is first used: what computes nothing does not wait for it. */
export const tf = new Proxy({} as TensorFlow, {
  get(_, name) {
    loaded ??= require("@tensorflow/tfjs") as TensorFlow;
    return loaded[name as keyof TensorFlow];
  },
  set: () => false,
});
export type {
  DataType,
  NamedTensorMap,
  Rank,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  Tensor5D,
  Variable,
} from "@tensorflow/tfjs";
