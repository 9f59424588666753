"""The peer of bench/train.ts: our U-Net and its training step in PyTorch. Needs: pip install torch.

Reads one JSON line a request from standard input: {"layout": "nchw" | "channels_last", "what": "train" | "predict", "channels": [...],
"batch": N, "size": S, "threads": T}; answers with the milliseconds of one step. A model is built, and warmed up by two steps, at its first request.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


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


def loss_of(z, t):
    p = torch.sigmoid(z)
    axes = (0, 2, 3)
    dice = 1 - (2 * (p * t).sum(axes) + 1) / (p.sum(axes) + t.sum(axes) + 1)
    entropy = F.binary_cross_entropy_with_logits(z, t, reduction="none").mean(axes)
    return ((dice + entropy) * torch.tensor([1.0, 0.5])).sum()


def build(request):
    torch.manual_seed(1)
    layout = torch.channels_last if request["layout"] == "channels_last" else torch.contiguous_format
    model = UNet(request["channels"]).to(memory_format=layout)
    shape = (request["batch"], 1, request["size"], request["size"])
    image = torch.randn(shape).to(memory_format=layout)
    target = torch.rand(shape[0], 2, *shape[2:]).round().to(memory_format=layout)
    if request["what"] == "predict":
        model.eval()

        def predict():
            with torch.inference_mode():
                return model(image).sum().item()

        return predict
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 1e-4}, {"params": plain, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-3, foreach=True)
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))

    def train():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(image), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5, foreach=True)
        optimizer.step()
        average.update_parameters(model)
        return loss.item()

    return train


steps = {}
for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    if line not in steps:
        steps[line] = build(request)
        for _ in range(2):
            steps[line]()
    start = time.perf_counter()
    steps[line]()
    print(json.dumps({"ms": 1000 * (time.perf_counter() - start), "version": torch.__version__}), flush=True)
