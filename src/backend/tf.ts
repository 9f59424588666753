import { createRequire } from "node:module";

// One instance for the whole process: the native backend is CommonJS and requires this very module.
const require = createRequire(import.meta.url);

/** TensorFlow.js. Everything outside this folder gets it from here. */
export const tf = require("@tensorflow/tfjs") as typeof import("@tensorflow/tfjs");
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
