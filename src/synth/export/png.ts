import { affineSpacing } from "../../core/affine.ts";
import { inPlaneAxes, sliceAxis, slicePlane } from "../../core/volume.ts";
import { dataFault } from "../../data/faults.ts";
import { axesOfSlice } from "../../data/picture-volume.ts";
import { encodeGreyPng } from "../../data/png.ts";
import { type ExportItem, type ExportSlice, type MakeFormat, slicesOf } from "./format.ts";

const columns = ["image", "mask", "split", "case", "subject", "session", "slice", "plane", "axes", "grade", "gestational_age", "x_mm", "y_mm", "step_mm", "lesion_pixels"]; // biome-ignore format: a list

/**
 * Slices as 16-bit grey PNG with the voxels' own values, masks as 8-bit PNG of 0 and 255, and `slices.csv` that names them.
 * Row 0 is the first along the second in-plane array axis, as in the sidecar's boxes.
 */
export const pngFormat: MakeFormat<readonly string[]> = () => ({
  async caseFiles(item) {
    checkRange(item);
    const slices = slicesOf(item);
    const files = await Promise.all(
      slices.flatMap((slice) => {
        const [image, mask] = pathsOf(item, slice);
        const values = { ...slice.image, data: Uint16Array.from(slice.image.data) };
        const lesion = { ...slice.lesion, data: Uint8Array.from(slice.lesion.data, (v) => (v === 0 ? 0 : 255)) };
        return [
          encodeGreyPng(values).then((content) => ({ path: image, content })),
          encodeGreyPng(lesion).then((content) => ({ path: mask, content })),
        ];
      }),
    );
    return { files, entry: slices.map((slice) => row(item, slice)) };
  },
  indexFiles: (entries) => [{ path: "slices.csv", content: `${[columns.join(","), ...entries.flat()].join("\n")}\n` }],
});

const pathsOf = ({ split }: ExportItem, { name }: ExportSlice) =>
  [`images/${split}/${name}.png`, `masks/${split}/${name}.png`] as const;

/** @throws {UserError} (data) If a voxel cannot be stored in 16 bits as it is. */
function checkRange({ case: { image: file }, image }: ExportItem): void {
  const odd = image.data.find((v) => !Number.isInteger(v) || v < 0 || v > 65535);
  if (odd === undefined) return;
  throw dataFault(
    file.path,
    "16-bit PNG holds whole numbers from 0 to 65535",
    odd,
    "Export to bids or nnunet, or rescale the image",
  );
}

function row(item: ExportItem, slice: ExportSlice): string {
  const { case: c, image, split } = item;
  const axis = sliceAxis(image);
  const spacing = affineSpacing(image.affine);
  const [u, v] = inPlaneAxes(axis);
  const pixels = slice.lesion.data.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
  const mm = (value: number) => Number(value.toFixed(4));
  const known = [
    c.id,
    c.subject,
    c.session,
    slice.index,
    slicePlane(image),
    axesOfSlice(image.affine, [u, v]),
    c.grade,
    c.gestationalAge,
  ];
  const values = [...pathsOf(item, slice), split, ...known, mm(spacing[u]), mm(spacing[v]), mm(spacing[axis]), pixels];
  return values.map(csvField).join(",");
}

/** A field of a CSV file; null is empty. Source: RFC 4180. */
function csvField(value: string | number | null): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
