import { bandNoise } from "../field/band-noise.ts";
import { amplitude, type Canvas, smooth, type Tissue } from "./canvas.ts";
import type { Fan } from "./fan.ts";

/** One layer between the probe and the womb. */
export interface Layer {
  /** Where it ends, mm below the probe. */
  readonly toMm: number;
  readonly echo: number;
}

/** What lies around the fetus: plain JSON. Depths are of the middle of the picture, mm below the probe. */
export interface World {
  readonly layers: readonly Layer[];
  /** Where amniotic fluid begins and ends. */
  readonly fluidMm: readonly [number, number];
  /** Echo of what lies before and behind the fluid, dB. */
  readonly nearEcho: number;
  readonly farEcho: number;
  /** How uneven its borders are, mm. */
  readonly roughMm: number;
  readonly seed: number;
}

/** Paints the mother: layers along the probe's face, the wall of the womb, fluid, the far wall. `fluidLabel` marks the fluid. */
export function paintWorld(canvas: Canvas, fan: Fan, world: World, maternal: Tissue, fluid: Tissue, fluidLabel: number): void {
  const { frame } = canvas;
  const rough = bandNoise({ wavelengthMm: 45, seed: world.seed });
  const streak = bandNoise({ wavelengthMm: 7, seed: world.seed + 1 });
  const [near, far] = [0, 400].map((offset) => smooth(frame, (x, y) => world.roughMm * rough(x, y, offset)));
  const streaks = smooth(frame, (x, y) => streak(x / 7, Math.sqrt(x * x + y * y), 0));
  const fluidScatter = amplitude(fluid.echo);
  for (let j = 0, n = 0; j < frame.height; j++) {
    const y = frame.top + (j + 0.5) * frame.pixelMm;
    for (let i = 0; i < frame.width; i++, n++) {
      const x = frame.left + (i + 0.5) * frame.pixelMm;
      const depth = Math.sqrt(x * x + y * y) - fan.radiusMm;
      const before = world.fluidMm[0] + near![n]! - depth;
      const behind = depth - world.fluidMm[1] - far![n]!;
      const solid = Math.min(1, Math.max(0, 0.5 + Math.max(before, behind) / frame.pixelMm));
      const layer = world.layers.find(({ toMm }) => depth < toMm + 0.25 * near![n]!);
      const base = layer?.echo ?? (before > 0 ? world.nearEcho : world.farEcho);
      const scatter = solid === 0 ? fluidScatter : amplitude(base + (layer === undefined ? 3 : 5) * streaks[n]!);
      canvas.scatter[n] = fluidScatter + solid * (scatter - fluidScatter);
      canvas.loss[n] = fluid.loss + solid * (maternal.loss - fluid.loss);
      canvas.impedance[n] = fluid.impedance + solid * (maternal.impedance + (layer ? 0.02 * streaks[n]! : 0) - fluid.impedance);
      canvas.density[n] = maternal.density ?? 1;
      if (solid < 0.5) canvas.label[n] = fluidLabel;
    }
  }
}
