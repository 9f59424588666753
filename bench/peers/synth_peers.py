"""TorchIO and a SynthSeg-like generator for bench/synth.ts: one JSON line in, one out. Needs torch, torchio, nibabel, numpy.

    python synth_peers.py FOLDER THICKNESS_MM      FOLDER holds <name>_labels.nii.gz, hemosynth's tissue ids

Both make one volume of thick axial slices from a label map, on one thread. What is timed starts with the label map in memory and ends with
the slices in memory.
"""
import json
import os
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[name] = "1"

import nibabel  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchio  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(1)
folder, thickness = Path(sys.argv[1]), float(sys.argv[2])
labels = {p.name.removesuffix("_labels.nii.gz"): nibabel.load(p) for p in sorted(folder.glob("*_labels.nii.gz"))}
maps = {name: (torch.from_numpy(np.asarray(v.dataobj).astype(np.int16))[None], v.affine) for name, v in labels.items()}


def thick_slices(affine, depth):
    """How many slices of the thickness a volume of so many voxels gives."""
    return int(np.ceil(depth * float(np.linalg.norm(affine[:3, 2])) / thickness))


def make_torchio(name):
    data, affine = maps[name]
    factor = thickness / float(np.linalg.norm(affine[:3, 2]))
    transform = torchio.Compose(
        [
            torchio.RandomLabelsToImage(label_key="labels", image_key="t2"),
            torchio.RandomMotion(degrees=8, translation=4, num_transforms=2),
            torchio.RandomBiasField(coefficients=0.35, order=2),
            torchio.RandomNoise(std=(0, 0.06)),
            torchio.RandomAnisotropy(axes=(2,), downsampling=(factor, factor)),
        ]
    )
    subject = torchio.Subject(labels=torchio.LabelMap(tensor=data, affine=affine))
    out = transform(subject)["t2"].data
    return out, thick_slices(affine, out.shape[3])


def make_synthseg(name):
    """SynthSeg's steps on a label map (Billot et al. 2023): affine and elastic warp, a Gaussian for each label, bias, blur, thick slices."""
    data, affine = maps[name]
    shape = data.shape[1:]
    theta = torch.eye(3, 4)[None] + 0.08 * torch.randn(1, 3, 4) * torch.tensor([1.0, 1, 1, 0.5])
    grid = functional.affine_grid(theta, (1, 1, *shape), align_corners=False)
    elastic = functional.interpolate(0.03 * torch.randn(1, 3, 10, 10, 10), size=shape, mode="trilinear", align_corners=False)
    grid = grid + elastic.permute(0, 2, 3, 4, 1)
    warped = functional.grid_sample(data[None].float(), grid, mode="nearest", align_corners=False)[0, 0].long()
    means, deviations = torch.rand(16) * 225 + 25, torch.rand(16) * 25 + 5
    image = means[warped] + deviations[warped] * torch.randn(shape)
    bias = functional.interpolate(0.3 * torch.randn(1, 1, 4, 4, 4), size=shape, mode="trilinear", align_corners=False)[0, 0]
    image = (image * torch.exp(bias))[None, None]
    step = float(np.linalg.norm(affine[:3, 2]))
    sigma = 0.75 * thickness / 2.355 / step
    reach = int(np.ceil(3 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    image = functional.conv3d(image, (kernel / kernel.sum()).view(1, 1, 1, 1, -1), padding=(0, 0, reach))
    count = thick_slices(affine, shape[2])
    return functional.interpolate(image, size=(shape[0], shape[1], count), mode="trilinear", align_corners=False), count


makers = {"torchio": make_torchio, "synthseg": make_synthseg}
print(json.dumps({"torch": torch.__version__, "torchio": torchio.__version__, "names": list(maps)}), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    torch.manual_seed(order["seed"])
    wall, cpu = time.perf_counter(), time.process_time()
    out, count = makers[order["kind"]](order["name"])
    assert torch.isfinite(out).all()
    print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "slices": count}), flush=True)
