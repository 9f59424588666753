"""Compares synthetic stacks with real ones by a few statistics of the brain and of what surrounds it.

    python scripts/compare_stacks.py REAL SYNTH        (numpy, scipy, nibabel)

REAL holds <stem>.nii.gz and <stem>_desc-brain_mask.nii.gz; SYNTH is a synth/images folder, <id>.nii.gz and <id>_brain.nii.gz.
Signals are relative to the 95th percentile of the brain. Masked stacks are left out.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
NAMES = ["SNR of brain (Laplacian)", "slice-to-slice SD", "edge (mean gradient / mm)", "outside 5 %", "25 %", "50 %", "75 %", "95 %"]


def load(image, mask):
    volume = nib.load(image)
    axis = int(np.argmax(volume.header.get_zooms()[:3]))
    turn = lambda a: np.moveaxis(np.asanyarray(a, dtype=float), axis, 2)
    spacing = np.delete(volume.header.get_zooms()[:3], axis)
    return turn(volume.dataobj), turn(nib.load(mask).dataobj) > 0, spacing


def statistics(image, brain, spacing, half_field=68):
    top = np.percentile(image[brain], 95)
    core = ndimage.binary_erosion(brain, np.ones((5, 5, 1)))
    laplace = np.stack([ndimage.convolve(image[:, :, k], LAPLACE) for k in range(image.shape[2])], -1)
    noise = np.median(np.abs(laplace[core])) / 0.6745 / 6  # Immerkaer 1996, with a median
    slices = np.where(brain.any((0, 1)))[0]
    medians = np.array([np.median(image[:, :, k][brain[:, :, k]]) for k in slices[2:-2]])
    gradient = np.hypot(*np.gradient(image, *spacing, axis=(0, 1)))[core].mean() / top
    centre = np.array(np.where(brain)).mean(1)
    x, y = np.indices(image.shape[:2])
    near = (np.abs(x - centre[0]) * spacing[0] < half_field) & (np.abs(y - centre[1]) * spacing[1] < half_field)
    outside = near[..., None] & ~ndimage.binary_dilation(brain, iterations=4)
    outside[:, :, : slices[0]] = outside[:, :, slices[-1] + 1 :] = False
    quantiles = np.percentile(image[outside] / top, [5, 25, 50, 75, 95])
    return [np.median(image[brain]) / noise, np.std(medians / medians.mean()), gradient, *quantiles]


def main(real, synth):
    pairs = lambda folder, tail: [(Path(str(m).replace(tail, ".nii.gz")), m) for m in sorted(folder.glob(f"*{tail}"))]
    reals = np.array([statistics(*load(*p)) for p in pairs(real, "_desc-brain_mask.nii.gz")])
    stacks = [load(*p) for p in pairs(synth, "_brain.nii.gz")]
    made = np.array([statistics(*s) for s in stacks if (s[0][~s[1]] > 0).mean() > 0.5])
    print(f"{len(reals)} real, {len(made)} synthetic stacks\n{'':28} real: mean [min, max]    synthetic: median [10 %, 90 %]")
    for name, r, s in zip(NAMES, reals.T, made.T):
        low, high = np.percentile(s, [10, 90])
        print(f"{name:28} {r.mean():6.2f} [{r.min():.2f}, {r.max():.2f}]      {np.median(s):6.2f} [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
