"""Writes FOLDER/resnet{18,34,50}.safetensors, as torchvision saves them, and FOLDER/resnet{18,34,50}-io.safetensors, for scripts/parity/resnet.ts.

    pip install torch torchvision safetensors
    python scripts/parity/resnet_torch.py FOLDER && npx tsx scripts/parity/resnet.ts FOLDER
"""

import pathlib
import sys

import torch
import torchvision
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for kind in ["resnet18", "resnet34", "resnet50"]:
    torch.manual_seed(0)
    net = getattr(torchvision.models, kind)(weights=None).train()
    for _ in range(3):  # running statistics of their own
        net(torch.randn(4, 3, 224, 224) * 2 + 1)
    save_file(net.state_dict(), folder / f"{kind}.safetensors")
    image = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        evaluated = net.eval()(image)
        trained = net.train()(image)
    image = image.permute(0, 2, 3, 1).contiguous()
    save_file(dict(image=image, eval=evaluated, train=trained), folder / f"{kind}-io.safetensors")
