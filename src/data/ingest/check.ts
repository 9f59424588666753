import { affineSpacing, type Vec3 } from "../../core/affine.ts";
import { UserError } from "../../core/errors.ts";
import { type Volume, voxelCount } from "../../core/volume.ts";
import type { Case, FileRef, Finding } from "../dataset.ts";
import { type Fingerprint, fingerprintOf } from "../fingerprint.ts";
import { gridsApart, mostApart } from "../grid.ts";
import { imageKind } from "../image-name.ts";
import { type LabelScheme, unknownIdsFault } from "../label-schemes.ts";
import { toLabels, voxelStatistics } from "../nifti.ts";
import { errorOf, warningOf } from "./findings.ts";
import type { Companion } from "./layout.ts";
import type { PlannedCase } from "./plan.ts";
import { schemeFinding } from "./plausible.ts";
import { type Reading, readCaseFile } from "./read.ts";

/** A case whose files were read, or null where its image could not be, with all that was noticed. */
export interface CheckedCase {
  readonly case: Case | null;
  readonly findings: readonly Finding[];
  readonly fingerprint: Fingerprint | null;
  /** As a DICOM series says it, such as CT; null where the file does not tell. */
  readonly modality: string | null;
}

/**
 * Reads the files of a case and checks them and how they fit together.
 *
 * @param folder - The folder that the plan's paths start from.
 * @param scheme - Of the label maps; null leaves them out.
 * @param pathOf - A file's path as the dataset gives it.
 */
export async function checkCase(
  folder: string,
  plan: PlannedCase,
  scheme: LabelScheme | null,
  pathOf: (file: string) => string,
): Promise<CheckedCase> {
  const findings: Finding[] = [];
  const isPlaced = plan.place !== null || imageKind(plan.image) !== "picture"; // else the plan has said why not
  const image = isPlaced ? await readOrReport(folder, plan.image, "image", plan, findings) : null;
  if (image) checkImage(image.volume, plan, findings, image.modality);
  const read = async (kind: Companion) => {
    const file = kind === "labels" && scheme === null ? null : plan[kind];
    const reading = file === null || !isPlaced ? null : await readOrReport(folder, file, kind, plan, findings);
    if (!reading || file === null) return null;
    if (image) checkGeometry(image.volume, reading.volume, file, plan, findings);
    const tissue = kind === "labels" ? checkLabels(reading, file, scheme!, plan, findings) : null;
    const empty = kind === "labels" ? false : checkMask(reading, file, kind, plan, findings);
    return { ref: { path: pathOf(file), sha256: reading.sha256 } satisfies FileRef, empty, tissue };
  };
  const labels = await read("labels");
  const brainMask = await read("brainMask");
  const lesionMask = await read("lesionMask");
  if (!image) return { case: null, findings, fingerprint: null, modality: null };
  const bled = lesionMask !== null && !lesionMask.empty; // blood makes a ventricle dark
  if (labels?.tissue && !bled) checkScheme(image.volume, labels.tissue, scheme!, plan, findings);
  const { id, subject, session, gestationalAge } = plan;
  const found: Case = {
    ...{ id, subject, session, gestationalAge },
    image: { path: pathOf(plan.image), sha256: image.sha256 },
    labels: labels?.ref ?? null,
    brainMask: brainMask?.ref ?? null,
    lesionMask: lesionMask?.ref ?? null,
    sidecar: null,
    shape: [...image.volume.shape],
    spacing: affineSpacing(image.volume.affine).map((s) => Number(s.toPrecision(6))) as [number, number, number],
    grade: lesionMask?.empty ? 0 : null,
    sources: [],
  };
  return { case: found, findings, fingerprint: fingerprintOf(image.volume), modality: image.modality ?? null };
}

async function readOrReport(
  folder: string,
  file: string,
  kind: "image" | Companion,
  { id, place }: PlannedCase,
  findings: Finding[],
): Promise<Reading | null> {
  try {
    const reading = await readCaseFile(folder, file, kind, place);
    for (const { rule, message } of reading.warnings) findings.push(warningOf(rule, id, message));
    return reading;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    findings.push(errorOf("unreadable", id, error.message));
    return null;
  }
}

function checkImage(
  { data, shape, affine }: Volume,
  { id, image, place, gestationalAge }: PlannedCase,
  findings: Finding[],
  modality?: string,
): void {
  const { minimum, maximum, notFinite } = voxelStatistics(data);
  if (notFinite > 0) {
    const wayOut = "Replace them, for example by 0 with fslmaths -nan";
    findings.push(
      errorOf("not-finite", id, `${image}: voxels must be finite numbers; got ${notFinite} NaN or infinite. ${wayOut}.`),
    );
    return;
  }
  if (minimum === maximum) {
    findings.push(
      errorOf("constant-image", id, `${image}: an image must have contrast; got ${minimum} in every voxel. Leave it out.`),
    );
    return;
  }
  if (place !== null) findings.push(...pictureFindings(id, image, shape, affineSpacing(affine), gestationalAge));
  if (modality === "CT") return; // HU of air are far below 0
  const negative = data.reduce((sum, value) => sum + (value < -0.02 * maximum ? 1 : 0), 0) / data.length;
  if (maximum <= 0 || negative > mostNegative) {
    const got =
      maximum <= 0 ? `${minimum} to ${maximum}` : `${Math.round(100 * negative)} % of the voxels below 0, down to ${minimum}`;
    const wayOut = "Check its scaling: integers that ran over, or values normalised to a mean of 0? 0 has to be air";
    findings.push(warningOf("negative-image", id, `${image}: T2 intensities should be positive; got ${got}. ${wayOut}.`));
  }
}

/** What a picture of a fetal head shows, mm: a brain of 20 weeks cut close, and a whole field of view. Our choice. */
const pictureMm = [35, 600] as const;

/** What is odd about a picture that can be read. */
function pictureFindings(id: string, image: string, shape: Vec3, spacing: Vec3, gestationalAge: number | null): Finding[] {
  const findings: Finding[] = [];
  const [width, height] = [shape[0] * spacing[0], shape[1] * spacing[1]];
  if (Math.min(width, height) < pictureMm[0] || Math.max(width, height) > pictureMm[1]) {
    const got = `${width.toFixed(0)} x ${height.toFixed(0)} mm with pixels of ${spacing[0].toPrecision(3)} mm`;
    const message = `${image}: a slice should be ${pictureMm[0]} to ${pictureMm[1]} mm wide and high; got ${got}. Check its pixel size.`;
    findings.push(warningOf("picture-size", id, message));
  }
  if (gestationalAge === null) {
    const message = `${image}: a lone slice should have a gestational age: synth paints into no other; got none. Set data.pictures.gestationalAge, or name it in a table.`;
    findings.push(warningOf("gestational-age", id, message));
  }
  return findings;
}

/** Share of voxels clearly below 0 (by more than 2 % of the greatest) that resampling explains; none of 42 real volumes has any. Our choice. */
const mostNegative = 0.01;

/** Up to a hundredth of a voxel apart is rounding, up to {@link mostApart} sloppy headers. */
function checkGeometry(image: Volume, other: Volume, file: string, { id }: PlannedCase, findings: Finding[]): void {
  const apart = gridsApart(image, other);
  if (apart === Infinity) {
    const [want, got] = [image.shape.join(" x "), other.shape.join(" x ")];
    findings.push(
      errorOf("shape-mismatch", id, `${file}: must have its image's shape, ${want}; got ${got}. Resample it to the image.`),
    );
    return;
  }
  if (apart <= 0.01) return;
  const message = `${file}: must lie where its image lies; got a corner ${apart.toPrecision(2)} voxels away. Resample it to the image.`;
  findings.push(apart > mostApart ? errorOf("affine-mismatch", id, message) : warningOf("affine-differs", id, message));
}

/** The label map, or null with a finding that says why it is none. */
function checkLabels(
  reading: Reading,
  file: string,
  scheme: LabelScheme,
  { id }: PlannedCase,
  findings: Finding[],
): Volume<Uint16Array> | null {
  try {
    const labels = toLabels(reading.volume, file);
    const fault = unknownIdsFault(labels, scheme, file);
    if (fault) findings.push(errorOf("unknown-label", id, fault.message));
    if (labels.data.some((value) => value !== 0)) return fault ? null : labels;
    findings.push(errorOf("empty-labels", id, `${file}: a label map must have labels; got 0 in every voxel. Leave it out.`));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    findings.push(errorOf("label-not-integer", id, error.message));
  }
  return null;
}

/** Only where all else is sound: what a label map says of an image needs both. */
function checkScheme(
  image: Volume,
  tissue: Volume<Uint16Array>,
  scheme: LabelScheme,
  { id, labels }: PlannedCase,
  findings: Finding[],
): void {
  if (findings.some(({ severity }) => severity === "error")) return;
  const finding = schemeFinding(image, tissue, scheme, { file: labels!, id });
  if (finding) findings.push(finding);
}

/** Whether the mask marks nothing. */
function checkMask(reading: Reading, file: string, kind: Companion, { id }: PlannedCase, findings: Finding[]): boolean {
  const { data, shape } = reading.volume;
  const bad = data.find((value) => value !== 0 && value !== 1);
  if (bad !== undefined) {
    const wayOut = "Make it binary, for example with fslmaths -thr 0.5 -bin";
    findings.push(errorOf("mask-not-binary", id, `${file}: a mask must be 0 or 1; got ${bad}. ${wayOut}.`));
    return false;
  }
  const inside = data.reduce((sum, value) => sum + value, 0);
  if (kind === "brainMask" && inside === 0)
    findings.push(errorOf("empty-mask", id, `${file}: a brain mask must mark the brain; got no voxel. Leave it out.`));
  if (kind === "brainMask" && inside === voxelCount(shape))
    findings.push(warningOf("full-mask", id, `${file}: a brain mask should mark a part; got every voxel. Check it.`));
  return inside === 0;
}
