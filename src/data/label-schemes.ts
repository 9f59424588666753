import { z } from "zod";
import { type Tissue, tissues } from "../core/tissue.ts";

/** Schemes known by name, or a mapping from the ids of a label map to tissues. A bare integer is never enough: ids collide between schemes. */
export const labelSchemeName = z.enum(["hemosynth", "feta", "drawem9", "bounti", "crl2017", "fidon8"]);
export const tissueName = z.enum(Object.keys(tissues) as [Tissue, ...Tissue[]]);
export const labelScheme = z.union([labelSchemeName, z.record(z.string().regex(/^\d+$/), tissueName)]);
export type LabelScheme = z.output<typeof labelScheme>;
