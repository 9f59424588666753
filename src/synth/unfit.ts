/**
 * This case cannot be used: its image or label map is not what a prior needs. The message says why, without naming files;
 * the stage turns it into a `UserError` that does.
 */
export class UnfitError extends Error {
  override readonly name = "UnfitError";
}
