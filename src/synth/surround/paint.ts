import type { Scene } from "../scene.ts";
import type { Surround } from "./draw.ts";

export function paintSurround(_scene: Scene, _surround: Surround): Scene {
  throw new RangeError("paintSurround: not written yet");
}
