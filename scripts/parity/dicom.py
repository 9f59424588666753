"""A volume that hemosynth made of a DICOM series beside the slices as pydicom reads them: at places in the patient all over the series.

    hemosynth ingest STUDY --out D && python scripts/parity/dicom.py D/volumes/ID.nii.gz SERIES_FOLDER [OTHER.nii.gz]

Prints the difference between the volume and the slices, interpolated within and between them, in HU: median and 99th percentile of its size. With OTHER,
such as what dcm2niix made of the series, the same for it. Needs pydicom, nibabel, numpy, scipy.
"""
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from scipy.ndimage import map_coordinates

ours, folder, *others = sys.argv[1:]
slices = [pydicom.dcmread(f) for f in sorted(Path(folder).glob("*.dcm"))]
row, column = np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3)
normal = np.cross(row, column)
slices.sort(key=lambda s: np.dot(np.array(s.ImagePositionPatient, float), normal))
at = np.array([np.dot(np.array(s.ImagePositionPatient, float), normal) for s in slices])
images = [s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices]
step = np.array(slices[0].PixelSpacing, float)


def from_slices(points):
    """Values at LPS places: in each of the two slices about a place, where the line along the normal meets it; then between the two."""
    depth = points @ normal
    k = np.clip(np.searchsorted(at, depth) - 1, 0, len(at) - 2)
    values = []
    for side in (0, 1):
        out = np.empty(len(points))
        for n in np.unique(k):
            chosen = k == n
            rest = points[chosen] - np.array(slices[n + side].ImagePositionPatient, float)
            out[chosen] = map_coordinates(np.maximum(images[n + side], -1024), [rest @ column / step[0], rest @ row / step[1]], order=1, mode="nearest")
        values.append(out)
    share = (depth - at[k]) / (at[k + 1] - at[k])
    return values[0] + share * (values[1] - values[0])


rng = np.random.default_rng(1)
height, width = images[0].shape
index = rng.uniform([0.3 * width, 0.3 * height, 0], [0.7 * width, 0.7 * height, 1], size=(4000, 3))
origin, end = (np.array(slices[i].ImagePositionPatient, float) for i in (0, -1))
points = origin + index[:, :1] * step[1] * row + index[:, 1:2] * step[0] * column + index[:, 2:] * (end - origin)
points = points[(points @ normal > at[0]) & (points @ normal < at[-1])]
truth = from_slices(points)
for name in [ours, *others]:
    image = nib.load(name)
    voxels = nib.affines.apply_affine(np.linalg.inv(image.affine), points * [-1, -1, 1])
    found = map_coordinates(np.maximum(np.asarray(image.dataobj, float), -1024), voxels.T, order=1, mode="nearest")
    inside = np.all((voxels > 0) & (voxels < np.array(image.shape) - 1), axis=1)
    off = np.abs(found - truth)[inside]
    print(f"{Path(name).name}: {inside.sum()} places, median {np.median(off):.2f} HU, 99 % below {np.percentile(off, 99):.1f} HU; voxels {image.header.get_zooms()}")
