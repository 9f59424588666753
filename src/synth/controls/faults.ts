import { affineSpacing } from "../../core/affine.ts";
import { tissues } from "../../core/tissue.ts";
import type { Bleed } from "../bleed/bleed.ts";
import { spreadCover } from "../field/spread.ts";
import type { Scene } from "../scene.ts";

/**
 * Checks a painted control: it lies in the brain, all of it fills at least half of the volume that its largest part was drawn with, and nothing else changed.
 * @returns One line for each rule that is broken.
 */
export function controlFaults(before: Scene, after: Scene, bleed: Bleed): string[] {
  const cover = after.lesion!.data;
  const seen = spreadCover(cover, before);
  let [volume, strayed, changed] = [0, 0, 0];
  for (let i = 0; i < cover.length; i++) {
    volume += cover[i]!;
    if (cover[i]! > 0 && before.tissue.data[i] === tissues.background) strayed++;
    if (seen[i] === 0 && before.image.data[i] !== after.image.data[i]) changed++;
  }
  const [x, y, z] = affineSpacing(before.image.affine);
  const largest = Math.max(
    ...bleed.parts.map((part) =>
      part.site === "anywhere" ? (4 / 3) * Math.PI * part.radii[0] * part.radii[1] * part.radii[2] : 0,
    ),
  );
  const faults: string[] = [];
  if (strayed > 0) faults.push(`${strayed} voxels of the control lie outside the brain`);
  if (changed > 0) faults.push(`${changed} voxels outside the control changed`);
  const share = (volume * x * y * z) / largest;
  if (share < 0.5) faults.push(`at least half of the control must lie in the brain; got ${(100 * share).toFixed(0)} %`);
  return faults;
}
