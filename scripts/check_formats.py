"""Checks what `hemosynth export` wrote, with the programs that the formats belong to and with readers of our own making.

    for format in bids png nnunet coco yolo; do hemosynth export runs/a --format $format --out exported/$format; done
    python scripts/check_formats.py runs/a/synth exported

DATASET may be a run folder, which means its `synth/`. EXPORTED holds a folder for each format (`bids`, `png`, …), or is one export itself. Ends with 1 where
nothing was checked.

Needs nibabel, numpy, scipy, pillow; pycocotools for coco, nnunetv2 for nnunet, bids-validator-deno for bids. A format whose folder or
whose program is missing is named as not checked. Every voxel and box is compared with the dataset's own files.
"""
import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from scipy import ndimage

formats = ("png", "coco", "yolo", "nnunet", "bids")
whole = {"png": "slices.csv", "coco": "annotations", "yolo": "data.yaml", "nnunet": "splits_final.json", "bids": "dataset_description.json"}


def arguments():
    """The dataset's folder and the folder of each format that is there; ends with a line where they are none."""
    if len(sys.argv) != 3:
        sys.exit("usage: check_formats.py DATASET EXPORTED")
    dataset, exported = Path(sys.argv[1]), Path(sys.argv[2])
    if not (dataset / "dataset.json").exists():
        dataset /= "synth"
    if not (dataset / "dataset.json").exists():
        sys.exit(f"{sys.argv[1]}: must be a dataset, or a run folder with synth/; got no dataset.json. Give what was exported.")
    found = {name: exported / name for name in formats if (exported / name).exists()}
    if not found:
        found = {name: exported for name in formats if (exported / whole[name]).exists()}
    if not found:
        sys.exit(f"{exported}: must hold folders named {', '.join(formats)}, or be one export; got neither. Export first.")
    return dataset, found


dataset, folders = arguments()
listing = json.loads((dataset / "dataset.json").read_text())
splits = json.loads((dataset / "splits.json").read_text())
split_of = {subject: name for name in ("train", "val", "test") for subject in splits[name]}
cases = {c["id"]: c for c in listing["cases"] if c["subject"] in split_of and c["lesionMask"]}
root = dataset / listing["root"]
truth = {}


def slices(path):
    """Slices of a volume along its slice axis, rows first: the largest spacing if it is at least 1.5 times the others, else world z."""
    image = nibabel.load(root / path)
    spacing = np.array(image.header.get_zooms()[:3])
    order = np.sort(spacing)
    axis = int(spacing.argmax()) if order[2] >= 1.5 * order[1] else int(np.abs(image.affine[2, :3]).argmax())
    data = np.asarray(image.dataobj)
    return [np.take(data, k, axis).T for k in range(data.shape[axis])]


def boxes(mask):
    """x0, y0, x1, y1 of each patch whose pixels touch by a corner at least."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    return sorted((s[1].start, s[0].start, s[1].stop, s[0].stop) for s in ndimage.find_objects(labels))


types, regions = listing.get("lesionTypes"), listing.get("regions", [])
names = (types or ["hemorrhage"]) + regions


def marks(case, k):
    """Category from 0 and corners of what a slice has: patches of each type, and boxes of regions."""
    mask = truth[case][k]
    of_type = [mask == i + 1 for i in range(len(types))] if types else [mask > 0]
    found = [(i, *map(float, box)) for i, own in enumerate(of_type) for box in boxes(own)]
    named = [(len(of_type) + regions.index(b["name"]), *map(float, b["box"])) for b in cases[case].get("boxes", []) if b["slice"] == k]
    return sorted(found + named)


def check_png(folder):
    rows = list(csv.DictReader(open(folder / "slices.csv")))
    assert len(rows) == sum(map(len, truth.values()))
    images = {i: slices(c["image"]["path"]) for i, c in cases.items()}
    for row in rows:
        at = (row["case"], int(row["slice"]))
        assert row["split"] == split_of[row["subject"]]
        picture = Image.open(folder / row["image"])
        assert picture.mode.startswith("I;16"), picture.mode
        np.testing.assert_array_equal(np.asarray(picture), images[at[0]][at[1]])
        mask = np.asarray(Image.open(folder / row["mask"]))
        np.testing.assert_array_equal(mask, 255 * (truth[at[0]][at[1]] > 0))
        assert int(row["lesion_pixels"]) == (truth[at[0]][at[1]] > 0).sum()
    return f"{len(rows)} slices and masks equal the volumes, voxel by voxel"


def check_coco(folder):
    from pycocotools import mask as rle
    from pycocotools.coco import COCO

    count, patches = 0, 0
    for name in ("train", "val", "test"):
        coco = COCO(str(folder / f"annotations/instances_{name}.json"))
        assert [(c["id"], c["name"]) for c in coco.loadCats(coco.getCatIds())] == list(enumerate(names, 1))
        for image in coco.loadImgs(coco.getImgIds()):
            mask = truth[image["case"]][image["slice"]]
            assert split_of[image["subject"]] == name
            assert Image.open(folder / "images" / image["file_name"]).size == mask.shape[::-1] == (image["width"], image["height"])
            found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
            union = np.zeros_like(mask)
            for one in (a for a in found if a["category_id"] <= len(names) - len(regions)):
                own = coco.annToMask(one)
                assert own.sum() == one["area"] == rle.area(coco.annToRLE(one))
                assert list(rle.toBbox(coco.annToRLE(one))) == one["bbox"]
                union += own * (one["category_id"] if types else 1)
            np.testing.assert_array_equal(union, mask if types else mask > 0)
            read = sorted((a["category_id"] - 1, x, y, x + w, y + h) for a in found for x, y, w, h in [a["bbox"]])
            np.testing.assert_allclose(read, marks(image["case"], image["slice"]))
            count, patches = count + 1, patches + len(found)
    assert count == sum(map(len, truth.values()))
    return f"{count} images load in pycocotools; {patches} patches and regions have the masks' pixels and the dataset's names and boxes"


def check_yolo(folder):
    lines = (folder / "data.yaml").read_text().splitlines()
    assert len([line for line in lines if line.startswith("  ")]) == len(names)
    paths = {key: value.strip() for key, value in (line.split(":", 1) for line in lines if line[0] not in "# ")}
    count, patches = 0, 0
    for name in ("train", "val", "test"):
        for picture in sorted((folder / paths[name]).glob("*.png")):
            case, k = picture.stem.rsplit("_slice-", 1)
            assert split_of[cases[case]["subject"]] == name
            mask = truth[case][int(k)]
            height, width = mask.shape
            read = []
            for line in (folder / "labels" / name / f"{picture.stem}.txt").read_text().splitlines():
                kind, x, y, w, h = line.split()
                x, y, w, h = float(x) * width, float(y) * height, float(w) * width, float(h) * height
                assert 0 < w <= width and 0 < h <= height
                read.append((int(kind), x - w / 2, y - h / 2, x + w / 2, y + h / 2))
            expected = marks(case, int(k))
            assert len(read) == len(expected)
            for one in expected:
                assert any(one[0] == other[0] and np.allclose(one, other, atol=1e-3) for other in read), (picture, one)
            count, patches = count + 1, patches + len(read)
    assert count == sum(map(len, truth.values()))
    return f"{count} pictures, {patches} boxes read back to the pixel"


def check_nnunet(folder):
    os.environ.setdefault("nnUNet_raw", str(folder.parent))
    os.environ.setdefault("nnUNet_preprocessed", str(folder.parent))
    os.environ.setdefault("nnUNet_results", str(folder.parent))
    from nnunetv2.experiment_planning.verify_dataset_integrity import verify_dataset_integrity

    verify_dataset_integrity(str(folder), num_processes=2)
    final = json.loads((folder / "splits_final.json").read_text())[0]
    for name, ids in final.items():
        assert all(split_of[cases[i]["subject"]] == name for i in ids)
    tests = [p.name.removesuffix(".nii.gz") for p in (folder / "labelsTs").glob("*")] if (folder / "labelsTs").exists() else []
    assert all(split_of[cases[i]["subject"]] == "test" for i in tests)
    assert len(final["train"]) + len(final["val"]) + len(tests) == len(cases)
    return f"verify_dataset_integrity passed: {len(final['train'])} train, {len(final['val'])} val; {len(tests)} test"


def check_bids(folder):
    done = subprocess.run(["bids-validator-deno", "--json", str(folder)], capture_output=True, text=True)
    issues = json.loads(done.stdout)["issues"]["issues"]
    errors = [i for i in issues if i.get("severity") == "error"]
    assert not errors, errors
    assert len(list(folder.glob("sub-*/**/*_desc-lesion_mask.nii.gz"))) == len(cases)
    return f"bids-validator finds no error ({len(issues)} warnings)"


if __name__ == "__main__":  # nnU-Net starts processes that read this file again
    truth = {i: slices(c["lesionMask"]["path"]) for i, c in cases.items()}
    checks = {"png": check_png, "coco": check_coco, "yolo": check_yolo, "nnunet": check_nnunet, "bids": check_bids}
    needs = {"coco": "pycocotools", "nnunet": "nnunetv2"}
    checked = 0
    for name, check in checks.items():
        if name not in folders:
            print(f"{name}: not checked, no export of it in {sys.argv[2]}")
        elif name in needs and importlib.util.find_spec(needs[name]) is None:
            print(f"{name}: not checked, needs {needs[name]}")
        elif name == "bids" and shutil.which("bids-validator-deno") is None:
            print(f"{name}: not checked, needs bids-validator-deno")
        else:
            print(f"{name}: {check(folders[name])}")
            checked += 1
    sys.exit(0 if checked > 0 else 1)
