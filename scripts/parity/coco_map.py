"""Compares the mAP of a run with pycocotools on the files that hemosynth wrote.

    hemosynth export runs/detect/synth --format coco --out coco
    pip install pycocotools && python scripts/parity/coco_map.py coco runs/detect [split]
"""

import contextlib
import io
import json
import pathlib
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

coco, run = map(pathlib.Path, sys.argv[1:3])
split = sys.argv[3] if len(sys.argv) > 3 else "test"
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(str(coco / f"annotations/instances_{split}.json"))
    found = truth.loadRes(str(run / f"predict/detections_{split}.json"))
    evaluation = COCOeval(truth, found, "bbox")
    evaluation.evaluate(), evaluation.accumulate(), evaluation.summarize()
metrics = json.loads((run / "eval/results.json").read_text())["metrics"]
ours = {m["metric"]: m["estimate"] for m in metrics if m["per"] == "box"}
for name, theirs in dict(map50=evaluation.stats[1], map=evaluation.stats[0]).items():
    print(f"{name}: pycocotools {theirs:.9f}, hemosynth {ours[name]:.9f}, difference {abs(theirs - ours[name]):.1e}")
    assert abs(theirs - ours[name]) < 1e-9
