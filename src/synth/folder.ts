import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { canonicalJson, sha256 } from "../core/hash.ts";
import type { Plane, Volume, Voxels } from "../core/volume.ts";
import type { Case, FileRef } from "../data/dataset.ts";
import { readBytes, writeAtomic } from "../data/files.ts";
import { encodeNifti } from "../data/nifti.ts";
import type { DrawnNegatives, Negative } from "./negatives/negative.ts";
import { readSidecar, type Sidecar } from "./sidecar.ts";
import type { PaintedStack } from "./stacks.ts";

// The files of the stacks of one scene. Sidecars are written last: a scene is whole when all its sidecars are there
// and each image and mask is what its sidecar says.

/** Each volume of a stack, by the name that the sidecar has for it. */
const suffixes = { image: "", lesion: "_lesion", brain: "_brain", tissue: "_tissue" } as const;
type Part = keyof typeof suffixes;

/** Name of a stack: `sub-01_syn-0_acq-axial_T2w`. */
export function stackId(source: string, copy: number, plane: Plane): string {
  return `${source.replace(/_T2w$/, "")}_syn-${copy}_acq-${plane}_T2w`;
}

const pathOf = (id: string, part: Part) => `images/${id}${suffixes[part]}.nii.gz`;
export const sidecarPath = (id: string) => `images/${id}.json`;

/** The volumes of a stack that are written. */
function volumesOf({ image, lesion, brain, tissue }: PaintedStack): [Part, Volume<Voxels>][] {
  return [["image", image], ["lesion", lesion], ["brain", brain], ...(tissue === null ? [] : [["tissue", tissue] as [Part, Volume<Voxels>]])]; // biome-ignore format: a list
}

/** SHA-256 of each volume as an unzipped NIfTI file. */
export function voxelHashes(stack: PaintedStack): Record<string, string> {
  return Object.fromEntries(volumesOf(stack).map(([part, volume]) => [part, sha256(encodeNifti(volume, false))]));
}

/** Writes a scene's stacks, their sidecars last, and returns the entries for dataset.json. */
export async function writeScene(
  out: string,
  source: Case,
  stacks: readonly { readonly stack: PaintedStack; readonly sidecar: Sidecar }[],
): Promise<Case[]> {
  const cases: Case[] = [];
  for (const { stack, sidecar } of stacks) {
    const refs: Partial<Record<Part, FileRef>> = {};
    for (const [part, volume] of volumesOf(stack)) refs[part] = await writeStackPart(out, pathOf(sidecar.id, part), volume);
    cases.push(entryOf(source, sidecar, refs));
  }
  for (const { sidecar } of stacks) await writeAtomic(join(out, sidecarPath(sidecar.id)), sidecarText(sidecar));
  return cases;
}

async function writeStackPart(out: string, path: string, volume: Volume<Voxels>): Promise<FileRef> {
  const bytes = encodeNifti(volume, true);
  await writeAtomic(join(out, path), bytes);
  return { path, sha256: sha256(bytes) };
}

/**
 * The stacks of a scene as an earlier, interrupted run left them, or null where they are not all there and sound.
 *
 * @param expected - The part of the sidecars that says what they were made from.
 * @param planes - How many stacks the scene has, unless it is a thick stack of its own.
 */
export async function readScene(
  out: string,
  source: Case,
  copy: number,
  expected: Pick<Sidecar, "hemosynth" | "source" | "draws">,
  planes: readonly Plane[],
): Promise<{ cases: Case[]; sidecars: Sidecar[] } | null> {
  const found: { entry: Case; sidecar: Sidecar }[] = [];
  for (const plane of ["axial", "coronal", "sagittal"] as const) {
    const one = await readStack(out, source, stackId(source.id, copy, plane), expected);
    if (one !== null) found.push(one);
  }
  const own = found.length === 1 && found[0]!.sidecar.draw.acquisition === null;
  if (!own && found.length !== planes.length) return null;
  const order = own ? found : planes.map((plane) => found.find(({ sidecar }) => sidecar.plane === plane)!);
  return { cases: order.map(({ entry }) => entry), sidecars: order.map(({ sidecar }) => sidecar) };
}

async function readStack(out: string, source: Case, id: string, expected: Pick<Sidecar, "hemosynth" | "source" | "draws">) {
  const sidecar = await readSidecar(join(out, sidecarPath(id))).catch(() => null); // not there, or half of another run
  if (sidecar === null) return null;
  const { hemosynth, source: from, draws } = sidecar;
  if (canonicalJson({ hemosynth, source: from, draws }) !== canonicalJson(expected)) return null;
  const refs: Partial<Record<Part, FileRef>> = {};
  for (const [part, hash] of Object.entries(sidecar.voxels) as [Part, string][]) {
    const path = pathOf(id, part);
    const bytes = await readBytes(join(out, path)).catch(() => null);
    if (bytes === null || unzippedHash(bytes) !== hash) return null;
    refs[part] = { path, sha256: sha256(bytes) };
  }
  return { entry: entryOf(source, sidecar, refs), sidecar };
}

function unzippedHash(bytes: Uint8Array): string | null {
  try {
    return sha256(gunzipSync(bytes));
  } catch {
    return null; // damaged
  }
}

function entryOf(source: Case, sidecar: Sidecar, refs: Partial<Record<Part, FileRef>>): Case {
  const { id, grid } = sidecar;
  return {
    id,
    subject: source.subject,
    // Each copy is a session of its own, so that the stacks of one scene are scored together and apart from other copies.
    session: `${source.session ?? "ses"}-syn${sidecar.draws.path.at(-1)}`,
    gestationalAge: sidecar.gestationalAge.weeks,
    image: refs.image!,
    labels: refs.tissue ?? null,
    brainMask: refs.brain!,
    lesionMask: refs.lesion!,
    sidecar: { path: sidecarPath(id), sha256: sha256(sidecarText(sidecar)) },
    shape: [...grid.shape],
    spacing: [...grid.spacing],
    grade: sidecar.grade,
    lookAlikes: lookAlikesOf(sidecar.draw.negatives),
    sources: [source.id],
  };
}

const lookAlikeNames: Readonly<Record<Negative["kind"], string>> = {
  choroidPlexus: "choroid plexus",
  eminence: "ganglionic eminence",
  calcification: "calcification",
  septum: "septum",
};

function lookAlikesOf({ dilations, structures }: DrawnNegatives): string[] {
  const names = structures.map(({ kind }) => lookAlikeNames[kind]);
  return [...new Set([...names, ...(dilations.length > 0 ? ["wide ventricle"] : [])])].sort();
}

/** JSON with each key of the sidecar on a line of its own: a surround alone holds some two hundred solids. */
export function sidecarText(sidecar: Sidecar): string {
  const lines = Object.entries(sidecar).map(([key, value]) => `${JSON.stringify(key)}: ${canonicalJson(value)}`);
  return `{\n${lines.sort().join(",\n")}\n}\n`;
}
