import type { Rng } from "../../core/rng.ts";
import type { HeadGeometry } from "../scene.ts";
import type { SurroundOptions } from "./options.ts";

/** What lies around one head, fully decided: plain JSON. */
export type Surround = { readonly kind: "none" } | { readonly kind: "uterus" };

export function drawSurround(_rng: Rng, _options: SurroundOptions, _head: HeadGeometry): Surround {
  return { kind: "none" };
}
