"""Contestant of bench/train.ts: the same networks in PyTorch, or in onnxruntime on the CPU.

    pip install torch torchvision onnxruntime onnx onnxscript && python torch_steps.py nchw|channels_last|compile|onnxruntime cpu|cuda

The first line of standard input is the case (bench/contestants/serve.ts), each one after it asks for one step; answers are lines of JSON.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

try:
    import torch
    import torchvision
    from torch import nn
    from torch.nn import functional as F
except ImportError as missing:
    print(f"PyTorch does not take part: {missing}", file=sys.stderr)
    print(json.dumps({"version": "PyTorch", "takesPart": False}), flush=True)
    sys.exit()

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts/fixtures"))
from yolo_net import ANCHORS, STRIDES, Yolo  # noqa: E402

way, device = sys.argv[1:3]


class Block(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        layers = []
        for n in [inside, outside]:
            layers += [nn.Conv2d(n, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inside = [1, *channels[:-1]]
        self.down = nn.ModuleList(Block(i, o) for i, o in zip(inside, channels))
        self.resize = nn.ModuleList(nn.ConvTranspose2d(o, i, 2, stride=2) for i, o in zip(channels, channels[1:]))
        self.up = nn.ModuleList(Block(2 * n, n) for n in channels[:-1])
        self.logits = nn.Conv2d(channels[0], 2, 1)

    def forward(self, x):
        skips = []
        for block in self.down:
            x = block(F.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = self.up[level](torch.cat([skips[level], self.resize[level](x)], 1))
        return self.logits(x)


def dice_and_entropy(z, t):
    p = torch.sigmoid(z)
    axes = (0, 2, 3)
    dice = 1 - (2 * (p * t).sum(axes) + 1) / (p.sum(axes) + t.sum(axes) + 1)
    entropy = F.binary_cross_entropy_with_logits(z, t, reduction="none").mean(axes)
    return ((dice + entropy) * torch.tensor([1.0, 0.5], device=z.device)).sum()


def build(case):
    """The network and a batch for it."""
    torch.manual_seed(1)
    kind = case["model"]
    if kind == "unet":
        model = UNet(case["channels"])
    elif kind == "yolov5s":
        model = Yolo(0.33, 0.5, 1 if case["what"] == "train" else 80)
    else:
        model = getattr(torchvision.models, kind)(num_classes=1)
    layout = torch.channels_last if way in ("channels_last", "compile") else torch.contiguous_format
    image = torch.randn(case["batch"], 1 if kind == "unet" else 3, case["size"], case["size"])
    return model.to(device, memory_format=layout), image.to(device, memory_format=layout)


def predictor(case):
    model, image = build(case)
    model.eval()
    if way == "onnxruntime":
        return onnx_predictor(model, image)
    if way == "compile":
        model = torch.compile(model)

    def predict():
        with torch.inference_mode():
            out = model(image)
            return (out[0] if isinstance(out, (list, tuple)) else out).sum().item()

    return predict


def onnx_predictor(model, image):
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        torch.onnx.export(model, (image,), path, dynamo=True, verbose=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count()
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: image.contiguous().numpy()}
    return lambda: session.run(None, given)


def loss_function(case, image):
    kind = case["model"]
    if kind == "unet":
        target = torch.rand(image.shape[0], 2, *image.shape[2:]).round().to(device)
        return lambda out: dice_and_entropy(out, target)
    if kind != "yolov5s":
        target = torch.rand(image.shape[0], 1).round().to(device)
        return lambda out: F.binary_cross_entropy_with_logits(out, target)
    return detection_loss(image)


def detection_loss(image):
    """YOLOv5's loss of one class with 72 places at each level, spread over the batch: about what nine boxes a picture give."""
    count, side = 72, image.shape[2]
    spots = []
    for stride, anchors in zip(STRIDES, ANCHORS):
        cells = side // stride
        n, y, x, a = (torch.randint(0, high, (count,)) for high in (image.shape[0], cells, cells, 3))
        anchor = torch.tensor(anchors)[a] / stride
        middle = torch.rand(count, 2)
        truth = torch.cat([middle - anchor / 2, middle + anchor / 2], 1)
        spots.append([t.to(device) for t in (n, a, y, x, anchor, truth)])

    def loss(maps):
        total = 0
        for raw, (n, a, y, x, anchor, truth), balance in zip(maps, spots, [4, 1, 0.4]):
            raw = raw.view(raw.shape[0], 3, 6, *raw.shape[2:])
            own = raw[n, a, :, y, x]
            p = own[:, :4].sigmoid()
            middle, size = 2 * p[:, :2] - 0.5, (2 * p[:, 2:]) ** 2 * anchor
            far = torchvision.ops.complete_box_iou_loss(torch.cat([middle - size / 2, middle + size / 2], 1), truth)
            wanted = torch.zeros(raw.shape[0], 3, *raw.shape[3:], device=device)
            wanted[n, a, y, x] = (1 - far).detach().clamp(0)
            total = total + 0.05 * far.mean()
            total = total + 0.25 * balance * F.binary_cross_entropy_with_logits(raw[:, :, 4], wanted)
        return total * image.shape[0]

    return loss


def trainer(case):
    model, image = build(case)
    loss_of = loss_function(case, image)
    run = torch.compile(model) if way == "compile" else model
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 1e-4}, {"params": plain, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-3, foreach=True)
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))

    def train():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(run(image))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5, foreach=True)
        optimizer.step()
        average.update_parameters(model)
        return loss.item()

    return train


case = json.loads(sys.stdin.readline())
torch.set_num_threads(os.cpu_count())
takes_part = way != "onnxruntime" or (case["what"] == "predict" and device == "cpu")
version = f"PyTorch {torch.__version__}"
if takes_part:
    step = trainer(case) if case["what"] == "train" else predictor(case)
    for _ in range(3):
        step()
print(json.dumps({"version": version, "takesPart": takes_part}), flush=True)
for _ in sys.stdin if takes_part else []:
    start = time.perf_counter()
    step()
    ms = 1000 * (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": ms, "version": version, "peakMb": peak}), flush=True)
