import type { Vec3 } from "../../../core/affine.ts";
import { between, type Rng, seedFrom } from "../../../core/rng.ts";
import { tissues } from "../../../core/tissue.ts";
import { headGeometry } from "../../scene.ts";
import { type Canvas, type Mottle, makeCanvas, mottle, type Warp } from "../canvas.ts";
import { type Fan, frameOf } from "../fan.ts";
import { drawBeam, drawDisplay, type MachineRanges } from "../machine.ts";
import { drawMarks } from "../marks.ts";
import { type Scan, scan } from "../scan.ts";
import { seenMask } from "../seen.ts";
import type { NeonatalHead } from "./brain.ts";
import type { CranialUltrasoundOptions } from "./options.ts";
import { paintFrame, type Vault } from "./paint.ts";
import { axesOf, drawSweep, fontanelleOf, type ProbePlane } from "./plane.ts";
import { brainTissues } from "./tissue.ts";

/** One frame, fully decided: plain JSON. */
export interface ExamFrame {
  readonly plane: ProbePlane;
  readonly scan: Scan;
  readonly warp: Warp;
  readonly mottles: readonly Mottle[];
}

/** One exam beside its brain, fully decided: plain JSON. */
export interface Exam {
  /** World mm. */
  readonly fontanelle: Vec3;
  /** Skin between the probe and the fontanelle, mm. */
  readonly standoffMm: number;
  readonly vault: Vault;
  readonly frames: readonly ExamFrame[];
}

/** Draws an exam: a coronal sweep from front to back, a sagittal one from right to left, one machine. Ranges by eye beside exams: our guess. */
export function drawExam(rng: Rng, head: NeonatalHead, options: CranialUltrasoundOptions): Exam {
  const own = rng.fork("exam");
  const fontanelle = fontanelleOf(head.tissue);
  const standoffMm = between(own, [2, 4.5]);
  const { radii } = headGeometry(head);
  const fan: Fan = {
    radiusMm: between(own, [14, 26]),
    angleDeg: between(own, [74, 100]),
    depthMm: standoffMm + 1.5 * radii[1] * between(own, [0.95, 1.12]), // the vertex to the base is about three quarters of the length
    lines: 160,
    samples: Math.round(1.3 * options.pixels),
  };
  const planes = [
    ...drawSweep(rng.fork("coronal"), "coronal", options.coronal),
    ...drawSweep(rng.fork("sagittal"), "sagittal", options.sagittal),
  ];
  const machine = drawMachine(rng.fork("machine"), fan, options);
  return {
    fontanelle,
    standoffMm,
    vault: { boneMm: between(own, [2.2, 3.4]), fontanelleMm: between(own, [12, 19]) },
    frames: planes.map((plane, i) => drawFrame(rng.fork(`frame-${i}`), plane, machine, options.marks)),
  };
}

/** By eye beside exams: our guess. */
const ranges: MachineRanges = {
  slope: [2.7, 3.7],
  sliders: [-2.5, 2.5],
  frequencyMHz: [4, 6.5],
  fNumber: [2.2, 3.5],
  specularDb: [24, 31],
  reverberationDb: [-64, -48],
  reverberationMm: [4, 10],
  noiseDb: [-84, -68],
  dynamicRangeDb: [48, 62],
  whiteDb: [14, 22],
  gamma: [1, 1.7],
};

function drawMachine(rng: Rng, fan: Fan, { pixels }: CranialUltrasoundOptions): Scan {
  const beam = drawBeam(rng, ranges, fan, (own) => between(own, [0.3, 0.7]) * fan.depthMm);
  return { fan, frame: frameOf(fan, pixels), beam, display: drawDisplay(rng, ranges), marks: [] };
}

/** A frame of its own speckle and unevenness; the gain is touched now and then. */
function drawFrame(rng: Rng, plane: ProbePlane, machine: Scan, marks: boolean): ExamFrame {
  const { fan, frame, beam, display } = machine;
  const texts = [
    `${Math.round(between(rng, [20, 45]))}HZ`,
    `MI ${between(rng, [0.6, 1.2]).toFixed(1)}`,
    plane.kind === "coronal" ? "COR" : "SAG",
  ];
  const focusRow = Math.round((fan.radiusMm + beam.focusMm - frame.top) / frame.pixelMm);
  const room = { pixels: frame.width, pixelMm: frame.pixelMm, focusRow, measured: null, texts };
  return {
    plane,
    scan: {
      ...machine,
      beam: { ...beam, seed: seedFrom(rng) },
      display: { ...display, whiteDb: display.whiteDb + between(rng, [-2, 2]) },
      marks: marks ? drawMarks(rng.fork("marks"), room) : [],
    },
    warp: { sizeMm: between(rng, [0.2, 0.5]), wavelengthMm: 20, seed: seedFrom(rng) },
    mottles: [
      { db: between(rng, [1.5, 3]), wavelengthMm: between(rng, [12, 20]), seed: seedFrom(rng) },
      { db: between(rng, [2, 3.5]), wavelengthMm: between(rng, [2.5, 5]), seed: seedFrom(rng) },
    ],
  };
}

/** A frame as it is written: the picture, and 1 where there is blood and where there is brain, as far as the probe sees. */
export interface ScannedFrame {
  readonly picture: Uint8Array;
  readonly lesion: Uint8Array;
  readonly brain: Uint8Array;
}

/** Paints and scans one frame of an exam. */
export function scanFrame(head: NeonatalHead, exam: Exam, frame: ExamFrame): ScannedFrame {
  const { canvas, cover } = paintExamFrame(head, exam, frame);
  const seen = seenMask(canvas, frame.scan.fan, frame.scan.beam);
  return {
    picture: scan(canvas, frame.scan).data,
    lesion: seen.map((v, i) => (v === 1 && cover[i]! >= 0.5 ? 1 : 0)),
    brain: seen.map((v, i) => (v === 1 && canvas.label[i] !== tissues.background ? 1 : 0)),
  };
}

/** What a frame cuts through, before it is scanned; labels are ids of core/tissue.ts, `cover` the share of each pixel that is blood. */
export function paintExamFrame(
  head: NeonatalHead,
  { fontanelle, standoffMm, vault }: Exam,
  { plane, scan: { frame, fan }, warp, mottles }: ExamFrame,
): { readonly canvas: Canvas; readonly cover: Float32Array } {
  const pose = { centre: [0, fan.radiusMm + standoffMm] as const, turnDeg: 0, mirrored: false };
  const canvas = makeCanvas(frame, pose, warp, brainTissues.background);
  const cover = paintFrame(canvas, head, axesOf(plane, fontanelle), vault);
  for (const one of mottles) mottle(canvas, one);
  return { canvas, cover };
}
