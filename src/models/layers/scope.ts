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

/** The scope of a network inside another: its weights are called `<name>.<own name>` there, and so are the layers that it records. */
export function within({ weights, mode }: Scope, name: string): Scope {
  const start = `${name}.`;
  const own = [...weights]
    .filter(([key]) => key.startsWith(start))
    .map(([key, value]) => [key.slice(start.length), value] as const);
  const { record } = mode;
  if (record === undefined) return { weights: new Map(own), mode };
  return {
    weights: new Map(own),
    mode: { ...mode, record: (statistics) => record({ ...statistics, layer: start + statistics.layer }) },
  };
}
