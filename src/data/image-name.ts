/** What a file holds by its suffix: a NIfTI volume, a picture of one slice, or null for anything else. */
export function imageKind(name: string): "nifti" | "picture" | null {
  if (/\.nii(?:\.gz)?$/i.test(name)) return "nifti";
  return /\.(?:png|jpe?g|tiff?)$/i.test(name) ? "picture" : null;
}

/** A name or path without the suffix that makes it an image. */
export function imageStem(name: string): string {
  return name.replace(/\.(?:nii(?:\.gz)?|png|jpe?g|tiff?)$/i, "");
}
