"""Writes FOLDER/yolov5{n,s}.safetensors, with the names of the published weights, and FOLDER/yolov5{n,s}-io.safetensors, for scripts/parity/yolo.ts.

    pip install torch safetensors
    python scripts/parity/yolo_torch.py FOLDER && npx tsx scripts/parity/yolo.ts FOLDER
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fixtures"))
from yolo_net import Yolo  # noqa: E402

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for kind, width in [("yolov5n", 0.25), ("yolov5s", 0.5)]:
    torch.manual_seed(0)
    net = Yolo(0.33, width, 80).train()
    for _ in range(3):  # running statistics of their own
        net(torch.randn(2, 3, 320, 320) * 2 + 1)
    save_file(net.state_dict(), folder / f"{kind}.safetensors")
    image = torch.rand(2, 3, 320, 416)
    with torch.no_grad():
        maps = net.eval()(image)
        boxes, scores = net.decode(maps)
        trained = net.train()(image)
    rows = lambda x: x.permute(0, 2, 3, 1).contiguous()
    out = {f"eval{i}": rows(x) for i, x in enumerate(maps)} | {f"train{i}": rows(x) for i, x in enumerate(trained)}
    save_file(dict(image=rows(image), boxes=boxes.contiguous(), scores=scores.contiguous(), **out), folder / f"{kind}-io.safetensors")
