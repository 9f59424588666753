import { z } from "zod";
import type { StackDraw } from "./stacks.ts";
import { measuredLevels } from "./surround/levels.ts";

// The shape of everything that is drawn for a stack, as it lies in a sidecar. The types are declared beside the functions that draw; the last
// line of this file does not compile unless both say the same. What the values mean and their units stand with the types.

const n = z.number();
const seed = z.int().min(0);
const vec3 = z.tuple([n, n, n]).readonly();
const pair = z.tuple([n, n]).readonly();
const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const side = z.enum(["left", "right"]);
const grade = z.literal([1, 2, 3, 4]);
const stage = z.enum(["dark", "rim", "bright"]);
const noise = z.strictObject({ wavelengthMm: n, seed });
const rough = z.strictObject({ amplitudeMm: n, noise });
const axes = z.tuple([vec3, vec3, vec3]).readonly();
const dilation = z.strictObject({ side, atrialMm: n });

const appearance = z.strictObject({
  tissues: list(z.strictObject({ gain: n, level: n.nullable(), power: n, blotchGain: n })),
  texture: n,
  grainMm: n,
  blotchMm: n,
  seed,
  blurMm: n,
});

const negative = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("choroidPlexus"), side, line: list(z.strictObject({ at: vec3, radiusMm: n })), tufts: rough, signal: n }),
  z.strictObject({ kind: z.literal("eminence"), side, thicknessMm: n, gain: n }),
  z.strictObject({ kind: z.literal("calcification"), at: vec3, radiusMm: n, signal: n }),
  z.strictObject({ kind: z.literal("septum"), space: z.enum(["left", "right", "cavum"]), at: vec3, normal: vec3, thicknessMm: n, waviness: rough, signal: n }),
]); // biome-ignore format: a table

const inPart = { side, signal: n, patch: z.strictObject({ offset: vec3, share: n }).exactOptional() };
const part = z.union([
  z.strictObject({ site: z.literal("germinalMatrix"), centre: vec3, axes, radii: vec3, bulgeMm: n, roughness: rough, ...inPart }),
  z.strictObject({ site: z.literal("lumen"), kind: z.literal("layer"), gravity: vec3, levelMm: n, roughness: rough, ...inPart }),
  z.strictObject({ site: z.literal("lumen"), kind: z.literal("clot"), centre: vec3, axis: vec3, stretch: n, radiusMm: n, roughness: rough, ...inPart }),
  z.strictObject({ site: z.literal("periventricular"), apex: vec3, axes, reachMm: n, halfLengthMm: n, halfAngleDegrees: n, roughness: rough, ...inPart }),
  z.strictObject({ site: z.literal("anywhere"), centre: vec3, axes, radii: vec3, roughness: rough, ...inPart }),
]); // biome-ignore format: a table

const sideFacts = z.strictObject({ side, grade, lumenMl: n, lumenFill: n, parenchymaMl: n, maxAxialMm2: n });
const bleed = z.strictObject({
  plan: z.strictObject({
    grade,
    stage,
    sides: list(z.strictObject({ side, grade, germinalMatrix: z.boolean(), fill: n.nullable() })),
    dilations: list(dilation),
  }),
  bleed: z.strictObject({
    grade,
    stage,
    parts: list(part),
    edgeMm: n,
    texture: z.strictObject({ sigma: n, noise }),
    rim: z.strictObject({ widthMm: n, signal: n, share: n, noise }).nullable(),
  }),
  attempt: seed,
  facts: z.strictObject({
    volumeMl: n,
    maxAxialMm2: n,
    meanSignal: n,
    sides: list(sideFacts),
    atria: list(z.strictObject({ side, widthMm: n })),
  }),
});

const ellipsoid = z.strictObject({ kind: z.literal("ellipsoid"), centre: vec3, radii: vec3, turn: vec3 });
const shape = z.discriminatedUnion("kind", [
  ellipsoid,
  z.strictObject({ kind: z.literal("capsule"), from: vec3, to: vec3, radii: pair }),
]);
const solid = z.strictObject({
  shape,
  layers: list(pair),
  texture: n,
  roughMm: n,
  part: z.enum(["mother", "fetus", "organ", "floating", "blob"]),
});
const levelNames = Object.keys(measuredLevels) as (keyof typeof measuredLevels)[];
const surround = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("uterus"),
    fieldMm: n,
    centre: vec3,
    radii: vec3,
    maskMarginMm: n.nullable(),
    seed,
    levels: z.record(z.enum(levelNames), n),
    head: z.strictObject({ gapMm: n, skullMm: n, scalpMm: n, uneven: n }),
    sac: z.strictObject({
      pools: list(ellipsoid),
      pocketMm: n,
      pocketVariationMm: n,
      wallMm: n,
      placentaDirection: vec3,
      placentaMm: n,
      placentaReach: n,
      middle: vec3,
      swirl: n,
    }),
    mother: z.strictObject({ centre: vec3, turn: vec3, halfAxesMm: pair, fatMm: n, muscleMm: n, abdomen: list(n) }),
    solids: list(solid),
  }),
]);

const plane = z.enum(["axial", "coronal", "sagittal"]);
const affine = z.tuple([n, n, n, n, n, n, n, n, n, n, n, n]).readonly();
const band = z.strictObject({ degrees: n, offsetMm: n, widthMm: n, depth: n });
const acquisition = z.strictObject({
  plane,
  grid: z.strictObject({ shape: vec3, affine, pixelMm: n, thicknessMm: n, gapMm: n }),
  profile: z.strictObject({ offsetsMm: list(n), weights: list(n) }),
  pivot: vec3,
  order: list(n),
  poses: list(z.strictObject({ rotationDegrees: vec3, translationMm: vec3 })),
  contrast: z.strictObject({ gains: list(n), gamma: n, echoTimeMs: n, tesla: n }),
  blur: z.strictObject({ phaseAxis: z.literal([0, 1]), resolutionPixels: pair, apodisation: n }),
  drops: list(z.strictObject({ slice: n, gain: n, band: band.nullable() })),
  flowVoids: list(z.strictObject({ site: z.enum(["ventricle", "cistern"]), at: n, radiiMm: pair, degrees: n, depth: n })),
  amnioticVoids: list(z.strictObject({ site: z.enum(["skull", "anywhere"]), at: n, radiiMm: pair, degrees: n, depth: n })),
  bias: list(n),
  noise: z.strictObject({ sigma: n, field: list(n), seed }),
  severity: z.record(
    z.enum(["fieldStrength", "contrast", "blur", "motion", "signalDrop", "flowVoid", "amnioticVoid", "bias", "noise"]),
    n,
  ),
});

/** Everything that was drawn for one stack. */
export const stackDrawSchema = z.strictObject({
  appearance: appearance.nullable().describe("New signals of the tissues; null where the case kept its own."),
  negatives: z
    .strictObject({ dilations: list(dilation), structures: list(negative) })
    .describe("What looks like blood and is none."),
  bleed: bleed.nullable().describe("Null for a healthy stack."),
  control: z
    .enum(["full", "random-blobs", "intensity-only", "site-only", "foreign-patch", "ellipses"])
    .describe("Which priors the bleed was drawn from."),
  surround: surround.nullable().describe("Null when the input was a thick stack, which keeps its own."),
  acquisition: acquisition.nullable().describe("The scan; null when the input was a thick stack."),
});

/** True if each type can stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
true satisfies Same<z.output<typeof stackDrawSchema>, StackDraw>;
