import { between, chance, pick, type Rng, seedFrom } from "../../../core/rng.ts";
import { type Canvas, type Mottle, makeCanvas, mottle, type Pose, pixelAt, type Warp } from "../canvas.ts";
import { type Fan, type Frame, frameOf } from "../fan.ts";
import { drawBeam, drawDisplay, type MachineRanges } from "../machine.ts";
import { drawMarks, type Mark, type MarkRoom } from "../marks.ts";
import type { Scan } from "../scan.ts";
import { paintWorld, type World } from "../world.ts";
import { sacOf } from "./anomalies.ts";
import type { Fetus } from "./draw.ts";
import type { FetalPlane } from "./finding.ts";
import { measuredIn } from "./measured.ts";
import { paintPlane } from "./plane.ts";
import { structures } from "./structures.ts";
import { fetalTissues } from "./tissue.ts";

/** One picture of a fetus, fully decided: plain JSON, from which the same pixels are made again. */
export interface FetalView {
  readonly plane: FetalPlane;
  readonly fetus: Fetus;
  readonly pose: Pose;
  readonly warp: Warp;
  readonly world: World;
  /** Unevenness of all echoes, coarse and fine. */
  readonly mottles: readonly Mottle[];
  readonly scan: Scan;
}

/** How pictures differ beside the fetus; see the options of the stage. */
export interface ViewOptions {
  readonly pixels: number;
  /** Whether scanner text, calipers and scales lie on pictures. */
  readonly marks: boolean;
}

/** Draws how one plane of a fetus is scanned: where the head lies, the womb around it, the machine. Ranges by eye beside pictures: our guess. */
export function drawView(rng: Rng, fetus: Fetus, plane: FetalPlane, { pixels, marks }: ViewOptions): FetalView {
  const place = rng.fork("place");
  const size = extentOf(fetus, plane);
  const nearMm = between(place, [9, 28]);
  const belowMm = between(place, [4, 20]);
  const fan: Fan = {
    radiusMm: between(place, [42, 62]),
    angleDeg: between(place, [58, 76]),
    depthMm: Math.max(nearMm + size.high + belowMm, 1.08 * size.long),
    lines: 160,
    samples: Math.round(1.3 * pixels),
  };
  const pose = drawPose(place, fan, nearMm, size);
  const frame = zoomed(frameOf(fan, pixels), pose, size, place.uniform());
  const ends = measuredIn(fetus, plane);
  return {
    plane,
    fetus,
    pose,
    warp: { sizeMm: between(place, [0.25, 0.5]), wavelengthMm: 28, seed: seedFrom(place) },
    world: drawWorld(rng.fork("world"), nearMm, size.high),
    mottles: [
      { db: between(place, [2, 4]), wavelengthMm: between(place, [14, 24]), seed: seedFrom(place) },
      { db: between(place, [3, 5.5]), wavelengthMm: between(place, [2, 4.5]), seed: seedFrom(place) },
    ],
    scan: drawScan(rng.fork("scan"), {
      ...{ fan, frame, marks, focusMm: nearMm + between(place, [0.4, 1]) * size.high },
      measured: ends && { from: pixelAt(frame, pose, ends[0]), to: pixelAt(frame, pose, ends[1]) },
    }),
  };
}

/** Room that a view needs, mm: along the picture, into depth, and where its middle lies along u. */
interface Extent {
  readonly long: number;
  readonly high: number;
  readonly middle: number;
  readonly upright: boolean;
}

function extentOf({ skull, finding, extent, spine }: Fetus, plane: FetalPlane): Extent {
  const { biparietal, occipitofrontal } = skull;
  if (plane === "face") return { long: 1.7 * biparietal, high: 1.7 * biparietal, middle: 0, upright: true };
  if (plane === "spine") return { long: 1.1 * spine.lengthMm, high: 36, middle: 0, upright: false };
  const sac = finding === "encephalocele" ? 2 * sacOf(skull, extent).radius : 0;
  return { long: occipitofrontal + sac, high: biparietal, middle: -sac / 2, upright: false };
}

/** Heads and spines lie across the picture, faces any way up; v points away from the probe. */
function drawPose(rng: Rng, fan: Fan, nearMm: number, { high, middle, upright }: Extent): Pose {
  const mirrored = chance(rng, 0.5);
  const tilt = pick(rng, [8, 8, 30]) * (2 * rng.uniform() - 1);
  const turnDeg = (mirrored ? 180 : 0) + tilt + (upright ? pick(rng, [-90, -90, 0, 90]) : 0);
  const x = between(rng, [-5, 5]) - middle * Math.cos((turnDeg * Math.PI) / 180);
  const y = fan.radiusMm + nearMm + high / 2 - middle * Math.sin((turnDeg * Math.PI) / 180);
  return { centre: [x, y], turnDeg, mirrored };
}

/** A window zoomed in on the middle of what is shown, as users do; `share` 0 leaves it, 1 zooms until the view just fits. */
function zoomed(frame: Frame, { centre: [x, y], turnDeg }: Pose, { long, high, middle }: Extent, share: number): Frame {
  const full = frame.width * frame.pixelMm;
  const [c, s] = [Math.abs(Math.cos((turnDeg * Math.PI) / 180)), Math.abs(Math.sin((turnDeg * Math.PI) / 180))];
  const least = Math.min(full, Math.max(c * long + s * high, s * long + c * high) + 10);
  const size = full - share * (full - least);
  const at = (corner: number, to: number) => Math.min(corner + full - size, Math.max(corner, to - size / 2));
  const turn = (turnDeg * Math.PI) / 180;
  const left = at(frame.left, x + middle * Math.cos(turn));
  const top = at(frame.top, y + middle * Math.sin(turn));
  return { ...frame, pixelMm: size / frame.width, left, top };
}

function drawWorld(rng: Rng, nearMm: number, high: number): World {
  const wall = between(rng, [0.35, 0.7]) * nearMm;
  const first = between(rng, [2, 5]);
  return {
    layers: [
      { toMm: first, echo: between(rng, [2, 10]) },
      { toMm: between(rng, [first + 2, wall]), echo: between(rng, [-8, 2]) },
      { toMm: wall, echo: between(rng, [-6, 4]) },
    ],
    fluidMm: [between(rng, [0.7, 1.1]) * nearMm, nearMm + high * pick(rng, [between(rng, [0, 0.6]), between(rng, [0.6, 1.2])])],
    nearEcho: between(rng, [-8, 4]),
    farEcho: between(rng, [-14, 1]),
    roughMm: between(rng, [3, 12]),
    seed: seedFrom(rng),
  };
}

interface ScanRoom {
  readonly fan: Fan;
  readonly frame: Frame;
  readonly marks: boolean;
  readonly focusMm: number;
  readonly measured: MarkRoom["measured"];
}

/** By eye beside pictures: our guess. */
const ranges: MachineRanges = {
  slope: [1.6, 2.4],
  sliders: [-2, 2],
  frequencyMHz: [3.2, 5.5],
  fNumber: [2.2, 4],
  specularDb: [20, 27],
  reverberationDb: [-52, -35],
  reverberationMm: [5, 11],
  noiseDb: [-78, -60],
  dynamicRangeDb: [52, 68],
  whiteDb: [16, 25],
  gamma: [1.1, 1.8],
};

function drawScan(rng: Rng, room: ScanRoom): Scan {
  const { fan, frame, marks, focusMm } = room;
  const beam = { ...drawBeam(rng, ranges, fan, () => focusMm), seed: seedFrom(rng) };
  const display = drawDisplay(rng, ranges);
  return { fan, frame, beam, display, marks: marks ? drawFetalMarks(rng.fork("marks"), room) : [] };
}

function drawFetalMarks(rng: Rng, { fan, frame, focusMm, measured }: ScanRoom): Mark[] {
  return drawMarks(rng, {
    pixels: frame.width,
    pixelMm: frame.pixelMm,
    focusRow: Math.round((fan.radiusMm + focusMm - frame.top) / frame.pixelMm),
    measured,
    texts: [
      `${Math.round(between(rng, [20, 60]))}HZ`,
      `MI ${between(rng, [0.8, 1.4]).toFixed(1)}`,
      pick(rng, ["OB 2", "C5-1", "FETAL", "GEN"]),
    ],
  });
}

/** Paints what a view cuts through. Its labels are ids of {@link structures}. */
export function paintView({ plane, fetus, pose, warp, world, mottles, scan: { frame, fan } }: FetalView): Canvas {
  const canvas = makeCanvas(frame, pose, warp, fetalTissues.maternal);
  paintWorld(canvas, fan, world, fetalTissues.maternal, fetalTissues.fluid, structures.fluid);
  paintPlane(canvas, fetus, plane);
  for (const one of mottles) mottle(canvas, one);
  return canvas;
}
