import type { Scene } from "../scene.ts";
import type { Surround } from "./draw.ts";

export function paintSurround(_scene: Scene, _surround: Surround): Scene {
  return _scene;
}
