import type { Tissue } from "../../core/tissue.ts";
import { flatAxisOf, type Volume } from "../../core/volume.ts";
import type { Finding } from "../dataset.ts";
import { type LabelScheme, labelSchemeName, tissueOf } from "../label-schemes.ts";
import { errorOf, warningOf } from "./findings.ts";
import { factsOf, quantileOf, surfaceShare, type TissueFacts, voxelsOf } from "./tissue-facts.ts";

/** A rule of normal anatomy that a label map breaks under a scheme. */
interface Broken {
  readonly should: string;
  readonly got: string;
}

/** Fewer labelled voxels than this say nothing of a brain. Our choice. */
const fewestVoxels = 1000;

/**
 * Whether a label map, read by a scheme, is a normal fetal brain on T2: ids collide between schemes, so a wrong name can pass as right.
 * A warning, or an error where two rules are broken and another scheme breaks none; null where nothing is to be said, and for
 * lone slices, which need not show a ventricle.
 *
 * @param image - Finite.
 * @param labels - On the image's grid; every id in the scheme.
 */
export function schemeFinding(
  image: Volume,
  labels: Volume<Uint16Array>,
  scheme: LabelScheme,
  { file, id }: { readonly file: string; readonly id: string },
): Finding | null {
  const facts = flatAxisOf(image.shape) === null ? factsOf(image, labels) : null;
  if (
    facts === null ||
    voxelsOf(
      facts,
      facts.ids.flatMap((label, place) => (label === 0 ? [] : [place])),
    ) < fewestVoxels
  )
    return null;
  const broken = brokenRules(facts, scheme);
  if (broken.length === 0) return null;
  const fitting = labelSchemeName.options.filter((name) => name !== scheme && fits(facts, name));
  const others = fitting.length > 1 ? fitting.filter((name) => name !== "hemosynth") : fitting; // of ours only where nothing else fits
  const name = typeof scheme === "string" ? `scheme ${scheme}` : "the mapping in the config";
  const [should, got] = [broken.map((b) => b.should).join(", "), broken.map((b) => b.got).join(", ")];
  const wayOut =
    others.length > 0
      ? `All of it holds under ${others.join(" or ")}: set data.labels.scheme`
      : "Check data.labels.scheme and the label map; a normal brain does not look so";
  const message = `${file}: read by ${name}, ${should}; got ${got}. ${wayOut}.`;
  return (broken.length > 1 && others.length > 0 ? errorOf : warningOf)("label-scheme", id, message);
}

function fits(facts: TissueFacts, scheme: LabelScheme): boolean {
  const known = tissueOf(scheme);
  return facts.ids.every((id) => known.has(id)) && brokenRules(facts, scheme).length === 0;
}

/**
 * The rules that a label map breaks, each a bound half-way or so between right and wrong schemes. Over 82 normal brains and stacks (CRL
 * atlas, weeks 21-38 by two parcellations; spina bifida atlas, ventricles wide; phantoms) coded in each scheme, right maps break none and
 * maps read by another scheme break one at least: see docs/data-formats.md. Bounds: our choice, by that measurement.
 */
function brokenRules(facts: TissueFacts, scheme: LabelScheme): Broken[] {
  const of = placesOf(facts, scheme);
  const ventricle = of("lateralVentricle");
  if (voxelsOf(facts, ventricle) === 0) {
    return [{ should: "the lateral ventricle should be there", got: "no voxel of it" }];
  }
  return [...brightnessRules(facts, of), ...placeRules(facts, of)];
}

type PlacesOf = (...names: Tissue[]) => number[];

function placesOf({ ids }: TissueFacts, scheme: LabelScheme): PlacesOf {
  const known = tissueOf(scheme);
  const other = typeof scheme === "string" ? undefined : scheme.other;
  return (...names) => ids.flatMap((id, place) => (names.includes(known.get(id) ?? other ?? "background") ? [place] : []));
}

/** Fluid is brighter than tissue. Measured: ventricle 1.05-1.9 of white matter and of cortex, CSF (upper quartile) 1.4-2.1 of cortex. */
function brightnessRules(facts: TissueFacts, of: PlacesOf): Broken[] {
  const median = (name: Tissue) => quantileOf(facts, of(name), 0.5);
  const ventricle = median("lateralVentricle");
  const fluid = quantileOf(facts, of("csf"), 0.75); // late in gestation half of the thin CSF is partial volume
  const times = (value: number, name: Tissue) => (value / median(name)).toFixed(2);
  const broken: Broken[] = [];
  const has = (name: Tissue) => voxelsOf(facts, of(name)) > 0; // a map may leave a tissue out
  const darker = (["whiteMatter", "cortex"] as const).find((name) => has(name) && ventricle < median(name));
  if (darker !== undefined) {
    const words = darker === "cortex" ? "cortex" : "white matter";
    broken.push({
      should: `the lateral ventricle should be brighter than ${words}`,
      got: `${times(ventricle, darker)} of the signal of ${words}`,
    });
  }
  if (has("csf") && has("cortex") && fluid < 1.15 * median("cortex")) {
    broken.push({
      should: "outer CSF should be much brighter than cortex",
      got: `CSF of ${times(fluid, "cortex")} of its signal`,
    });
  }
  return broken;
}

/** The ventricle lies in white matter, and the cerebellum is small. Measured: .48-.97 and at most .12 of its surface; at most .12 of white matter. */
function placeRules(facts: TissueFacts, of: PlacesOf): Broken[] {
  const ventricle = of("lateralVentricle");
  const hasWhite = voxelsOf(facts, of("whiteMatter")) > 0; // a map may have the cerebrum in one
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const broken: Broken[] = [];
  const walls = surfaceShare(facts, ventricle, of("whiteMatter", "germinalMatrix"));
  if (hasWhite && walls < 0.3)
    broken.push({ should: "its walls should be white matter", got: `walls of ${percent(walls)} white matter` });
  const outside = surfaceShare(facts, ventricle, of("csf", "background"));
  if (outside > 0.25)
    broken.push({
      should: "it should lie inside the brain",
      got: `${percent(outside)} of its surface on outer CSF or background`,
    });
  const cerebellum = voxelsOf(facts, of("cerebellum")) / voxelsOf(facts, of("whiteMatter"));
  if (hasWhite && cerebellum > 0.4) {
    broken.push({
      should: "the cerebellum should be far smaller than white matter",
      got: `a cerebellum of ${percent(cerebellum)} of it`,
    });
  }
  return broken;
}
