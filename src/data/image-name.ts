/** What a file holds by its suffix: a NIfTI volume, a picture of one slice, or null for anything else; a folder, told by the slash at its end, a DICOM series. */
export function imageKind(name: string): "nifti" | "picture" | "series" | null {
  if (name.endsWith("/")) return "series";
  if (/\.nii(?:\.gz)?$/i.test(name)) return "nifti";
  return /\.(?:png|jpe?g|tiff?)$/i.test(name) ? "picture" : null;
}

/** A name or path without the suffix that makes it an image. */
export function imageStem(name: string): string {
  return name.replace(/\/$|\.(?:nii(?:\.gz)?|png|jpe?g|tiff?)$/i, "");
}

/** Whether a file may be a DICOM slice by its name: .dcm, .ima, or no suffix; what is in it tells. */
export function mayBeDicom(name: string): boolean {
  return /\.(?:dcm|ima|dicom)$/i.test(name) || /(?:^|\/)[^./]+$/.test(name);
}
