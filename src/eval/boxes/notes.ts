import { many } from "../../core/words.ts";
import { oneLine } from "../../data/faults.ts";
import type { FoundColumns } from "../metrics/detection/match.ts";
import { valueAt } from "../tables/estimate.ts";
import { fewClusters } from "../tables/few.ts";
import type { Replicates } from "../tables/replicate.ts";
import type { Reference } from "./coco.ts";
import type { BoxSample } from "./figures.ts";
import type { BoxesOptions } from "./options.ts";
import type { Grouping } from "./patients.ts";

/** What a reader must know before quoting a figure. */
export function notesOf(
  reference: Reference,
  found: FoundColumns,
  { clusters, by }: Grouping,
  sample: BoxSample,
  values: Replicates<Float64Array>,
  { confidence, interval }: BoxesOptions,
): string[] {
  const { truth, classes } = reference;
  const distinct = new Set(clusters).size;
  const withObject = new Set(Array.from(truth.image, (image) => clusters[image]!)).size;
  const without = classes.filter((_, label) => !sample.labels.includes(label)).map(({ name }) => oneLine(name));
  const outside = countOutside(reference, found);
  const above = shareAbove(valueAt(values, 0));
  const when = (holds: boolean, note: string) => (holds ? [note] : []);
  return [
    "AP, AP50, AP75 and the like are COCO's, at 101 recalls. The same detector has another AP50 by another rule: name the rule with the figure.",
    ...when(by === null, "Nothing tells which pictures belong together: if one patient has several, the intervals are too narrow. Name it by --cases, or by a key of the images."), // biome-ignore format: a line each
    ...when(confidence === null, "The confidence was chosen on the very pictures that are evaluated: recall, precision, F1 and wrong boxes are optimistic. Give --confidence, chosen elsewhere."), // biome-ignore format: a line each
    ...when(withObject < fewClusters, `Only ${many(withObject, "cluster")} with an object: with fewer than ${fewClusters}, bootstrap intervals are mostly too narrow.`), // biome-ignore format: a line each
    ...when(interval !== "bca" && (above < 0.1 || above > 0.9), `AP lies above the estimate in ${Math.round(100 * above)}% of the resamples, for want of objects or pictures in some classes: take --interval bca, which allows for it.`), // biome-ignore format: a line each
    ...when(distinct < truth.image.length, "Clusters hold several objects: Wilson, Clopper-Pearson and Jeffreys take boxes as independent, and stand there for comparison with papers."), // biome-ignore format: a line each
    ...when(without.length > 0, `Without an object, so that they count in no mean: ${without.length} of ${many(classes.length, "class", "classes")}, ${without.slice(0, 5).join(", ")}${without.length > 5 ? ", ..." : ""}.`), // biome-ignore format: a line each
    ...when(found.score.length === 0, "No box was found."),
    ...when(found.score.length > 1 && new Set(found.score).size === 1, "All scores are equal: the order of the file decides about every AP."), // biome-ignore format: a line each
    ...when(
      outside > 0,
      `${many(outside, "box", "boxes")} found wholly outside the picture: is the reference of the same pictures?`,
    ),
    ...when(reference.withoutArea > 0, `${many(reference.withoutArea, "annotation")} without an area: that of the box says what is small, medium or large.`), // biome-ignore format: a line each
    ...when(reference.sayIgnore > 0, `${reference.sayIgnore} annotations say ignore, and count all the same, as in pycocotools: only crowds are left out.`), // biome-ignore format: a line each
  ];
}

/** Share of the resamples in which a figure is above its estimate, equal ones half; one half where there is none. */
function shareAbove({ whole, resampled }: Replicates<number>): number {
  const known = resampled.filter((value) => !Number.isNaN(value));
  const points = known.reduce((sum, value) => sum + (value > whole ? 1 : value === whole ? 0.5 : 0), 0);
  return known.length === 0 ? 0.5 : points / known.length;
}

function countOutside({ images }: Reference, { image, sides }: FoundColumns): number {
  return image.reduce((count, at, i) => {
    const size = images[at]!.size;
    if (size === null) return count;
    const [left, top, width, height] = sides.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    const inside = left < size[0] && top < size[1] && left + width > 0 && top + height > 0;
    return inside ? count : count + 1;
  }, 0);
}
