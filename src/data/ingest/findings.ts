import type { Finding } from "../dataset.ts";
import { oneLine } from "../faults.ts";

/** Rules of the integrity check; the names are stable, others filter by them. */
export type Rule =
  | "unreadable"
  | "file-name"
  | "subject"
  | "subject-from-name"
  | "gestational-age"
  | "table"
  | "picture"
  | "picture-size"
  | "duplicate-id"
  | "duplicate-subject"
  | "duplicate-image"
  | "not-finite"
  | "constant-image"
  | "negative-image"
  | "shape-mismatch"
  | "affine-mismatch"
  | "affine-differs"
  | "label-not-integer"
  | "unknown-label"
  | "empty-labels"
  | "label-scheme"
  | "mask-not-binary"
  | "empty-mask"
  | "full-mask"
  | "image-without-labels"
  | "labels-without-image"
  | "mask-without-image"
  | "scheme-missing"
  | "ambiguous-match"
  | "leak"
  | "small-split"
  | "subject-unused";

/** An error: the dataset is not made. */
export function errorOf(rule: Rule, id: string | null, message: string): Finding {
  return { severity: "error", case: id, rule, message: oneLine(message) };
}

/** A warning: kept with the dataset. `rule` can also be one of the NIfTI reader's, see `NiftiWarning`. */
export function warningOf(rule: Rule | (string & {}), id: string | null, message: string): Finding {
  return { severity: "warning", case: id, rule, message: oneLine(message) };
}
