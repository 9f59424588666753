import type { Tensor4D } from "../../backend/tf.ts";
import { traced } from "../../backend/traced/index.ts";
import type { Detector, RawMaps } from "./network.ts";

/**
 * The same detector over the same variables, made to be applied often outside training: on native TensorFlow the forward pass is one function for each size
 * of input (docs/traced.md). Disposing of it disposes of the detector.
 */
export function detectorForInference(model: Detector): Detector {
  const names = [...model.weights.keys()];
  const forward = traced(
    ([x, ...values]) => {
      const weights = new Map(names.map((name, i) => [name, values[i]!]));
      return model.apply(x as Tensor4D, { training: false, weights });
    },
    { isChecked: false },
  );
  return {
    ...model,
    apply(x, mode) {
      if (mode.training || mode.weights !== undefined) return model.apply(x, mode);
      return forward([x, ...model.weights.values()]) as RawMaps;
    },
    dispose() {
      forward.dispose();
      model.dispose();
    },
  };
}
