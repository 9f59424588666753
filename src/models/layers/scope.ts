import type { Tensor, Variable } from "../../backend/tf.ts";
import type { ApplyMode } from "../model.ts";

/** What every layer function needs: the model's variables and how it is being applied. */
export interface Scope {
  readonly weights: ReadonlyMap<string, Variable>;
  readonly mode: ApplyMode;
}

/** The variable called `name`. @throws {RangeError} If no layer declared it. */
export function weight<T extends Tensor>({ weights }: Scope, name: string): T {
  const variable = weights.get(name);
  if (variable === undefined) throw new RangeError(`weight: no layer declared ${name}`);
  return variable as unknown as T;
}
