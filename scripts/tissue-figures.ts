// Measures the tissue network where it was never trained: the CRL atlas (reconstructed volumes; with --stacks thick stacks cut from them in a womb and
// masked; with --slices the slice of each stack that shows most ventricle, alone) and the real HASTE stacks with their brain masks; and with --phantom
// by how much its maps of phantoms look older than the true ones. Prints the tables of docs/tissue.md; --out keeps the label maps.
//   npx tsx scripts/tissue-figures.ts MODEL --crl FOLDER --haste FOLDER [--stacks] [--slices] [--phantom] [--weeks 22,26] [--out FOLDER]
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readyBackend } from "../src/backend/index.ts";
import { affineSpacing } from "../src/core/affine.ts";
import { silentReporter } from "../src/core/context.ts";
import { seededRng } from "../src/core/rng.ts";
import { tissues } from "../src/core/tissue.ts";
import {
  extractSlice,
  flatAxisOf,
  inPlaneAxes,
  type LabelVolume,
  type Plane,
  sliceAxis,
  type Volume,
} from "../src/core/volume.ts";
import { toTissues } from "../src/data/label-schemes.ts";
import { readModelFolder } from "../src/data/model-folder.ts";
import { readLabels, readVolume, writeNifti } from "../src/data/nifti.ts";
import { axesOfSlice, pictureVolume } from "../src/data/picture-volume.ts";
import { outputOfTissue, tissueOutputs } from "../src/models/index.ts";
import { acquireStack } from "../src/synth/acquisition/acquire.ts";
import { drawAcquisition } from "../src/synth/acquisition/draw.ts";
import { acquireTissue } from "../src/synth/acquisition/tissue.ts";
import { prepareCase } from "../src/synth/normal/case.ts";
import { synthOptions } from "../src/synth/options.ts";
import { buildPhantom } from "../src/synth/phantom/build.ts";
import { drawPhantom } from "../src/synth/phantom/draw.ts";
import { gestationalAgeOf } from "../src/synth/priors/age.ts";
import { headGeometry } from "../src/synth/scene.ts";
import { drawSurround } from "../src/synth/surround/draw.ts";
import { paintSurround } from "../src/synth/surround/paint.ts";
import { buildTissueNetwork } from "../src/tissue/network.ts";
import { segmentTissue } from "../src/tissue/segment.ts";

const quiet = () => {};
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    crl: { type: "string" },
    haste: { type: "string" },
    out: { type: "string" },
    weeks: { type: "string" },
    stacks: { type: "boolean" },
    slices: { type: "boolean" },
    phantom: { type: "boolean" },
  },
});
await readyBackend("auto", silentReporter);
const folder = await readModelFolder(positionals[0]!);
const network = buildTissueNetwork(folder, folder.where);
const { signal } = new AbortController();

/** Dice of a set of tissues; NaN where neither has any. */
function dice(truth: ArrayLike<number>, found: ArrayLike<number>, member: (id: number) => boolean): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const [a, b] = [member(truth[i]!), member(found[i]!)];
    if (a && b) both++;
    either += (a ? 1 : 0) + (b ? 1 : 0);
  }
  return (2 * both) / either;
}

const isOutput = (name: (typeof tissueOutputs)[number]) => (id: number) => outputOfTissue[id] === tissueOutputs.indexOf(name);
const measures = {
  brain: (id: number) => id > 0,
  ventricle: isOutput("lateralVentricle"),
  deepGrey: isOutput("deepGrey"),
  cortex: isOutput("cortex"),
  hindbrain: isOutput("hindbrain"),
} as const;

async function row(name: string, image: Volume, truth: LabelVolume): Promise<number[]> {
  const { tissue, brainMl } = await segmentTissue(network, image, null, signal);
  if (values.out) {
    await writeNifti(join(values.out, `${name}.nii.gz`), image);
    await writeNifti(join(values.out, `${name}_tissue.nii.gz`), tissue);
  }
  const figures = Object.values(measures).map((member) => dice(truth.data, tissue.data, member));
  const weeks = flatAxisOf(image.shape) === null ? gestationalAgeOf(tissue, null, true).weeks : Number.NaN;
  console.log(
    [name.padEnd(24), ...figures.map((d) => d.toFixed(3)), brainMl.toFixed(0).padStart(4), weeks.toFixed(1)].join("  "),
  );
  return [...figures, weeks];
}

function median(numbers: number[]): number {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function summary(name: string, rows: readonly number[][]): void {
  const of = (c: number) => rows.map((r) => r[c]!);
  const figures = Object.keys(measures).map((_, c) => `${median(of(c)).toFixed(3)} [${Math.min(...of(c)).toFixed(2)}]`);
  console.log(`${name}: median [least] ${figures.join("  ")}\n`);
}

/** The slice of a stack that shows most lateral ventricle, with its labels. */
function loneSlice(stack: Volume, labels: LabelVolume): [Volume, LabelVolume] {
  const axis = sliceAxis(stack);
  const shown = Array.from({ length: stack.shape[axis] }, (_, i) =>
    extractSlice(labels, axis, i).data.reduce((n, id) => n + (id === tissues.lateralVentricle ? 1 : 0), 0),
  );
  const index = shown.indexOf(Math.max(...shown));
  const [spacing, [u, v]] = [affineSpacing(stack.affine), inPlaneAxes(axis)];
  const axes = axesOfSlice(stack.affine, [u, v]);
  const place = { pixelMm: [spacing[u], spacing[v]], thicknessMm: spacing[axis], axes, side: null } as const;
  return [pictureVolume(extractSlice(stack, axis, index), place), pictureVolume(extractSlice(labels, axis, index), place)];
}

if (values.phantom) {
  const older: number[] = [];
  for (let week = 20; week <= 38; week += 2) {
    const { image, tissue } = buildPhantom(drawPhantom(seededRng(1).fork(`phantom${week}`), week), 1);
    const found = await segmentTissue(network, image, null, signal);
    const [true_, seen] = [gestationalAgeOf(tissue, null).weeks, gestationalAgeOf(found.tissue, null).weeks];
    if (true_ > 20 && seen < 40) older.push(seen - true_); // else the limits of the estimate hide it
    console.log(`phantom of ${week} weeks: ${true_} weeks by its labels, ${seen} by the network's`);
  }
  const mean = older.reduce((a, b) => a + b, 0) / older.length;
  const sd = Math.sqrt(older.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (older.length - 1));
  console.log(`older by ${mean.toFixed(2)} weeks, SD ${sd.toFixed(2)}\n`);
}

if (values.crl) {
  const wanted = values.weeks?.split(",");
  const weeks = readdirSync(values.crl).flatMap((name) => /^STA(\d\d)\.nii\.gz$/.exec(name)?.[1] ?? []);
  const rows = { volume: [] as number[][], womb: [] as number[][], masked: [] as number[][], slice: [] as number[][] };
  console.log(`case                      ${Object.keys(measures).join("  ")}  ml  weeks`);
  for (const week of weeks.filter((w) => wanted === undefined || wanted.includes(w))) {
    const file = (suffix: string) => join(values.crl!, `STA${week}${suffix}.nii.gz`);
    const image = await readVolume(file(""), quiet);
    const parcels = existsSync(file("_WMZparc")) ? file("_WMZparc") : file("_parc");
    const truth = { ...toTissues(await readLabels(parcels, quiet), "crl2017", parcels), affine: image.affine };
    if (!values.slices) rows.volume.push(await row(`STA${week}`, image, truth));
    if (!values.stacks && !values.slices) continue;
    const { scene } = prepareCase(image, truth, Number(week));
    const rng = seededRng(1).fork(week);
    const options = synthOptions.parse({
      acquisition: { fieldMm: [200, 260], inPlaneDegrees: 180, offsetMm: 30 },
      surround: { fieldMm: 260, maskedShare: 0 },
    });
    const head = headGeometry(scene);
    for (const kind of ["womb", "masked"] as const) {
      const surround = kind === "womb" ? drawSurround(rng.fork("surround"), options.surround, head) : ({ kind: "none" } as const);
      const full = paintSurround(scene, surround);
      for (const plane of ["axial", "coronal", "sagittal"] as const satisfies readonly Plane[]) {
        const drawn = drawAcquisition(rng.fork(plane), options.acquisition, plane, head);
        const [stack, tissue] = [acquireStack(full, drawn).image, acquireTissue(full, drawn)];
        if (values.stacks) rows[kind].push(await row(`STA${week}_${kind}_${plane}`, stack, tissue));
        if (values.slices) rows.slice.push(await row(`STA${week}_${kind}_${plane}_slice`, ...loneSlice(stack, tissue)));
      }
    }
  }
  for (const [kind, all] of Object.entries(rows)) if (all.length > 0) summary(kind, all);
}

if (values.haste) {
  for (const name of readdirSync(values.haste).filter((n) => n.endsWith("_T2w.nii.gz") && n.includes("run"))) {
    const image = await readVolume(join(values.haste, name), quiet);
    const mask = await readLabels(join(values.haste, name.replace(".nii.gz", "_desc-brain_mask.nii.gz")), quiet);
    const { brain, tissue, brainMl } = await segmentTissue(network, image, null, signal);
    if (values.out) await writeNifti(join(values.out, name.replace(".nii.gz", "_tissue.nii.gz")), tissue);
    const [x, y, z] = affineSpacing(image.affine);
    const ml = (inside: (id: number) => boolean) =>
      (tissue.data.reduce((n, id) => n + (inside(id) ? 1 : 0), 0) * x * y * z) / 1000;
    const trueMl = (mask.data.reduce((n, v) => n + v, 0) * x * y * z) / 1000;
    const d = dice(mask.data, brain.data, (id) => id > 0);
    const { weeks, sd } = gestationalAgeOf(tissue, null, true);
    console.log(
      `${name}: brain Dice ${d.toFixed(3)}, ${brainMl.toFixed(0)} ml of ${trueMl.toFixed(0)}; ventricles ${ml((id) => id === tissues.lateralVentricle).toFixed(1)} ml, ` +
        `deep grey ${ml((id) => id === tissues.deepGrey).toFixed(1)} ml; ${weeks} weeks (SD ${sd})`,
    );
  }
}
