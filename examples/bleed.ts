// Paints a grade III bleed into a procedural brain of 26 weeks and cuts it into a coronal stack, as a scanner would.
//   npx tsx examples/bleed.ts OUT
// Writes OUT/stack.nii.gz and OUT/lesion.nii.gz; open the one over the other in any NIfTI viewer.
import { join } from "node:path";
import {
  acquireStack,
  acquisitionOptions,
  bleedInto,
  buildPhantom,
  drawAcquisition,
  drawPhantom,
  headGeometry,
  lesionOptions,
  prepareCase,
  seededRng,
  writeNifti,
} from "../src/index.ts";

const out = process.argv[2] ?? "bleed";
const rng = seededRng(1);

const brain = buildPhantom(drawPhantom(rng.fork("brain"), 26), 1.5);
const normal = prepareCase(brain.image, brain.tissue, 26);

const lesion = lesionOptions.parse({ grades: { kind: "free", III: 1 } });
const { scene, drawn } = bleedInto(rng.fork("bleed"), normal, lesion);

const acquisition = drawAcquisition(rng.fork("stack"), acquisitionOptions.parse({}), "coronal", headGeometry(scene));
const stack = acquireStack(scene, acquisition);
await writeNifti(join(out, "stack.nii.gz"), stack.image);
await writeNifti(join(out, "lesion.nii.gz"), stack.lesion);

const bleeding = stack.lesion.data.reduce((sum, voxel) => sum + voxel, 0);
console.log(`grade ${drawn.plan.grade}, ${stack.image.shape.join(" x ")} voxels, ${bleeding} of them blood`);
