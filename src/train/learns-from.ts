import type { TaskName } from "./options.ts";

/**
 * What of the truth a task reads. `lesions` are those of a case as a whole, `types` their masks by type; `classes` and `boxes`: of the dataset; `healthy`: nothing
 * but which cases have none; `none`: no lesion is looked at.
 */
export type LearnsFrom = "masks" | "tissues" | "lesions" | "types" | "classes" | "boxes" | "healthy" | "none";

/** What each task learns from. */
export const learnsFrom = {
  lesion: "masks",
  tissue: "tissues",
  classify: "masks",
  detect: "masks",
  mil: "lesions",
  classes: "classes",
  crops: "classes",
  regions: "boxes",
  denoise: "healthy",
  restore: "none",
  infoNce: "none",
  localInfoNce: "none",
  vicReg: "none",
  weakBinary: "masks",
  weakTypes: "types",
  weakGrid: "masks",
} as const satisfies Readonly<Record<TaskName, LearnsFrom>>;
