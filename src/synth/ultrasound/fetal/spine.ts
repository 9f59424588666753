import type { Rng } from "../../../core/rng.ts";
import { type Canvas, paint } from "../canvas.ts";
import { ellipse, stroke } from "../shapes.ts";
import { structures } from "./structures.ts";
import { fetalTissues as tissue } from "./tissue.ts";

/** The two rows of ossified arches of a drawn spine. */
export interface Spine {
  /** Half distance between the rows at equal steps from the neck to the sacrum, mm. */
  readonly halfGapMm: readonly number[];
  /** Sideways bend in the middle, mm. */
  readonly bendMm: number;
  readonly lengthMm: number;
}

/**
 * Draws a spine. Rows are 5.4 mm apart, and 2 mm at the sacrum; in rachischisis they spread to 11 to 18 mm over two fifths of it and more.
 * Distances, and a length of 1.65 times the width of the head: our guess.
 */
export function drawSpine(rng: Rng, biparietal: number, open: boolean, extent: number): Spine {
  const from = open ? 0.55 * rng.uniform() * (1 - extent) : 2;
  const most = open ? 4.5 + 3.5 * extent : 0;
  const halfGapMm = Array.from({ length: 22 }, (_, i) => {
    const at = i / 21;
    const usual = 2.7 - 1.7 * Math.max(0, (at - 0.72) / 0.28);
    const spread = open ? Math.sin(Math.PI * Math.min(1, Math.max(0, (at - from) / (1.02 - from)))) ** 0.6 : 0;
    return Math.round(100 * (usual + spread * (most - usual + 1))) / 100;
  });
  return { halfGapMm, bendMm: 6 * (2 * rng.uniform() - 1), lengthMm: 1.65 * biparietal };
}

/** A coronal cut along the back: u points to the head. Rows of arches, ribs beside the upper ones; between spread rows lies bare neural tissue. */
export function paintSpine(canvas: Canvas, { halfGapMm, bendMm, lengthMm }: Spine): void {
  const count = halfGapMm.length;
  const place = (i: number) => (0.5 - i / (count - 1)) * lengthMm;
  const bend = (u: number) => bendMm * (1 - ((2 * u) / lengthMm) ** 2);
  const trunk = stroke(
    ...[0.62, 0.3, 0, -0.3, -0.56].map((f, i) => [f * lengthMm, bend(f * lengthMm), [8, 17, 18, 15, 11][i]!] as const),
  );
  paint(canvas, trunk, { tissue: { ...tissue.body, echo: -8 }, label: structures.body, edge: 1.2 });
  for (let i = 0; i < count; i++) {
    const u = place(i);
    const gap = halfGapMm[i]!;
    if (gap > 3.4) {
      const bare = ellipse([u, bend(u)], [0.7 * (lengthMm / count), gap - 1]);
      paint(canvas, bare, { tissue: { ...tissue.brain, echo: i % 2 === 0 ? -14 : -20 }, label: structures.exposed, edge: 1.2 });
    } else
      paint(canvas, ellipse([u, bend(u)], [0.62 * (lengthMm / count), Math.max(0.6, gap - 1.2)]), {
        tissue: tissue.csf,
        edge: 1,
      });
    for (const side of [-1, 1])
      paintArch(canvas, {
        u,
        v: bend(u) + side * gap,
        side,
        rib: i > 1 && i < 12,
        label: gap > 3.4 ? structures.exposed : structures.vertebra,
      });
  }
}

interface Arch {
  readonly u: number;
  readonly v: number;
  readonly side: number;
  readonly rib: boolean;
  readonly label: number;
}

function paintArch(canvas: Canvas, { u, v, side, rib, label }: Arch): void {
  paint(canvas, ellipse([u, v], [0.95, 1.15]), { tissue: { ...tissue.bone, loss: 10 }, label, edge: 0.8 });
  if (!rib) return;
  const line = stroke([u - 0.5, v + side * 3, 0.35], [u - 3, v + side * 9, 0.35], [u - 5.5, v + side * 11.5, 0.3]);
  paint(canvas, line, { tissue: { ...tissue.bone, echo: 4, loss: 8 }, within: [structures.body], edge: 0.8 });
}
