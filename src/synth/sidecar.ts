import type { Plane } from "../core/volume.ts";
import type { SliceBox, VoxelBox } from "./boxes.ts";
import type { AgeEstimate } from "./priors/age.ts";
import type { StackDraw, StackFacts } from "./stacks.ts";

export const sidecarVersion = 1;

/** The JSON beside a synthetic stack: where it comes from, every drawn value, and what came out. */
export interface Sidecar {
  readonly schemaVersion: typeof sidecarVersion;
  readonly id: string;
  /** The normal case that it was made from, and the SHA-256 of its files. */
  readonly source: { readonly id: string; readonly subject: string; readonly image: string; readonly labels: string };
  /** Seed of the run and the labels of the random stream. The values themselves are in `draw`: replay needs no seed. */
  readonly draws: { readonly seed: number; readonly path: readonly (string | number)[] };
  /** `estimated` if it was read from brain volume by the rule in priors/age.ts. */
  readonly gestationalAge: AgeEstimate;
  /** 90th percentile of CSF in the source's unit; 1000 in the stack's voxels. */
  readonly csf: number;
  readonly plane: Plane;
  /** Worst Papile grade of both sides, 0 healthy. */
  readonly grade: 0 | 1 | 2 | 3 | 4;
  readonly draw: StackDraw;
  readonly facts: StackFacts;
  readonly box: VoxelBox | null;
  readonly sliceBoxes: readonly SliceBox[];
}
