import type { Tensor } from "../../backend/tf.ts";
import type { ApplyMode } from "../model.ts";

/** What every layer function needs: the model's weights and how it is being applied. */
export interface Scope {
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly mode: ApplyMode;
}

/** The weight called `name`. @throws {RangeError} If no layer declared it. */
export function weight<T extends Tensor>({ weights }: Scope, name: string): T {
  const found = weights.get(name);
  if (found === undefined) throw new RangeError(`weight: no layer declared ${name}`);
  return found as T;
}
