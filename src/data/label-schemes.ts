import { z } from "zod";
import { type Tissue, tissues } from "../core/tissue.ts";
import type { LabelVolume, Volume } from "../core/volume.ts";
import { dataFault } from "./faults.ts";

/** Schemes known by name, or a mapping from the ids of a label map to tissues. A bare integer is never enough: ids collide between schemes. */
export const labelSchemeName = z.enum(["hemosynth", "feta", "drawem9", "bounti", "crl2017", "fidon8"]);
export const tissueName = z.enum(Object.keys(tissues) as [Tissue, ...Tissue[]]);

/** `{ "1": "csf", "2": "cortex", other: "background" }`: ids to tissues; `other` takes every id that is not named, else those are errors. */
const labelMapping = z.record(z.string().regex(/^(\d+|other)$/), tissueName);

export const labelScheme = z.union([labelSchemeName, labelMapping], {
  error: ({ input }) =>
    `a label scheme is one of ${labelSchemeName.options.join(", ")}, or a mapping such as { "1": csf, "2": cortex }; ` +
    `got ${JSON.stringify(input)}${typeof input === "number" ? ", and a number does not say whose ids they are" : ""}`,
});
export type LabelScheme = z.output<typeof labelScheme>;

type Ids = readonly number[];

/** Ids of each named scheme. Sources: FeTA 10.1038/s41597-021-00946-3; dHCP DrawEM-9; BOUNTI; CRL key: atlas README of 2016-11-21; Fidon et al., spina bifida atlas. */
const named: Readonly<Record<z.output<typeof labelSchemeName>, Partial<Record<Tissue, Ids>>>> = {
  hemosynth: Object.fromEntries(Object.entries(tissues).map(([name, id]) => [name, [id]])),
  // Ventricles are one label: third and fourth are in it.
  feta: {
    csf: [1],
    cortex: [2],
    whiteMatter: [3],
    lateralVentricle: [4],
    cerebellum: [5],
    deepGrey: [6],
    brainstem: [7],
  },
  drawem9: {
    csf: [1],
    cortex: [2],
    whiteMatter: [3],
    background: [4],
    lateralVentricle: [5],
    cerebellum: [6],
    deepGrey: [7],
    brainstem: [8],
    otherBrain: [9], // hippocampi and amygdalae
  },
  bounti: {
    csf: [1, 2],
    cortex: [3, 4],
    whiteMatter: [5, 6],
    lateralVentricle: [7, 8],
    cavum: [9],
    brainstem: [10],
    cerebellum: [11, 12, 13],
    deepGrey: [14, 15, 16, 17],
    otherVentricle: [18, 19],
    corpusCallosum: [20],
  },
  crl2017: {
    otherBrain: [37, 38, 41, 42, 110, 111, 125], // hippocampi, amygdalae, hippocampal commissure, fornix, miscellaneous
    deepGrey: [71, 72, 73, 74, 77, 78, 108, 109],
    corpusCallosum: [91],
    lateralVentricle: [92, 93],
    brainstem: [94],
    cerebellum: [100, 101],
    cortex: [112, 113],
    whiteMatter: [114, 115, 116, 117, 120, 121, 122, 123], // subplate, intermediate zone, white matter, internal capsule
    germinalMatrix: [118, 119], // ventricular zone
    csf: [124],
  },
  // "Intra-axial CSF" is every ventricle; it is taken as lateral, most of it by far.
  fidon8: {
    whiteMatter: [1],
    lateralVentricle: [2],
    cerebellum: [3],
    csf: [4],
    cortex: [5],
    deepGrey: [6],
    brainstem: [7],
    corpusCallosum: [8],
  },
};

/** The tissue of every id of a scheme. Id 0 is background unless a mapping says otherwise. */
export function tissueOf(scheme: LabelScheme): ReadonlyMap<number, Tissue> {
  const pairs: (readonly [number, Tissue])[] =
    typeof scheme === "string"
      ? Object.entries(named[scheme]).flatMap(([tissue, ids]) => ids.map((id) => [id, tissue as Tissue] as const))
      : Object.entries(scheme).flatMap(([id, tissue]) => (id === "other" ? [] : [[Number(id), tissue] as const]));
  return new Map([[0, "background"], ...pairs]);
}

/** The ids that a scheme does not know, ascending, each with its number of voxels. Empty when the scheme has `other`. */
export function unknownIds(labels: Volume<Uint16Array>, scheme: LabelScheme): ReadonlyMap<number, number> {
  if (otherOf(scheme) !== undefined) return new Map();
  const known = tissueOf(scheme);
  const counts = new Uint32Array(65536);
  for (let i = 0; i < labels.data.length; i++) counts[labels.data[i]!]!++;
  return new Map([...counts.entries()].filter(([id, count]) => count > 0 && !known.has(id)));
}

/**
 * Translates a label map into hemosynth's tissues.
 *
 * @param where - The file's name, for the message.
 * @throws {UserError} (data) If an id is not in the scheme.
 */
export function toTissues(labels: Volume<Uint16Array>, scheme: LabelScheme, where: string): LabelVolume {
  const fault = unknownIdsFault(labels, scheme, where);
  if (fault) throw fault;
  const table = new Uint8Array(65536).fill(tissues[otherOf(scheme) ?? "background"]);
  for (const [id, tissue] of tissueOf(scheme)) table[id] = tissues[tissue];
  const data = new Uint8Array(labels.data.length);
  for (let i = 0; i < data.length; i++) data[i] = table[labels.data[i]!]!;
  return { ...labels, data };
}

/** What is wrong with the ids of a label map under a scheme, or null. */
export function unknownIdsFault(labels: Volume<Uint16Array>, scheme: LabelScheme, where: string): Error | null {
  const unknown = unknownIds(labels, scheme);
  if (unknown.size === 0) return null;
  const list = [...unknown].slice(0, 8).map(([id, count]) => `${id} (${count} voxels)`);
  if (unknown.size > list.length) list.push(`and ${unknown.size - list.length} more`);
  const name = typeof scheme === "string" ? scheme : "given in the config";
  const fitting = labelSchemeName.options.filter((other) => unknownIds(labels, other).size === 0);
  const ofWhich = fitting.length === 0 ? "" : ` (all its values are ids of ${fitting.join(" or ")})`;
  const wayOut = `Name the scheme that the file uses${ofWhich}, or give a mapping of ids to tissues, with \`other\` for the rest`;
  return dataFault(where, `labels must be ids of the scheme ${name}`, list.join(", "), wayOut);
}

function otherOf(scheme: LabelScheme): Tissue | undefined {
  return typeof scheme === "string" ? undefined : scheme.other;
}
