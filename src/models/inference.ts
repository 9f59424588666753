import type { Tensor4D } from "../backend/tf.ts";
import { traced } from "../backend/traced/index.ts";
import type { Model } from "./model.ts";

/**
 * The same model over the same variables, made to be applied often outside training: on native TensorFlow the forward pass, and that to a
 * classifier's maps, is one function for each size of input, a tenth faster than op by op (docs/traced.md). Disposing of it disposes of the model.
 */
export function forInference(model: Model): Model {
  const apply = tracedPass(model, model.apply);
  const maps = model.maps === undefined ? null : tracedPass(model, model.maps);
  return {
    ...model,
    apply: apply.run,
    ...(maps === null ? {} : { maps: maps.run }),
    dispose() {
      apply.dispose();
      maps?.dispose();
      model.dispose();
    },
  };
}

type Pass = Model["apply"];

/** A pass through a model, traced but in training and where other weights are given. */
function tracedPass({ weights: variables }: Model, pass: Pass): { readonly run: Pass; dispose(): void } {
  const names = [...variables.keys()];
  const forward = traced(
    ([x, ...values]) => {
      const weights = new Map(names.map((name, i) => [name, values[i]!]));
      return [pass(x as Tensor4D, { training: false, weights })];
    },
    { isChecked: false },
  );
  const run: Pass = (x, mode) => {
    if (mode.training || mode.weights !== undefined) return pass(x, mode);
    return forward([x, ...variables.values()])[0] as Tensor4D;
  };
  return { run, dispose: forward.dispose };
}
