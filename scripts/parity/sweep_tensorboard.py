"""The folder tb/ of a sweep as TensorBoard itself reads it: every run by its name, the losses those of its metrics.csv.

    python scripts/parity/sweep_tensorboard.py runs/priors

Needs tensorboard. Of sweeps without folds.
"""

import csv
import sys
from pathlib import Path

from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

sweep = Path(sys.argv[1])
shown = EventMultiplexer().AddRunsFromDirectory(str(sweep / "tb"))
shown.Reload()
names = sorted(shown.Runs())
assert names == sorted(one.name for one in (sweep / "runs").iterdir()), names
points = 0
for name in names:
    with open(sweep / "runs" / name / "train/metrics.csv", newline="") as file:
        wanted = {int(row["step"]): float(row["train_loss"]) for row in csv.DictReader(file)}
    got = {event.step: event.tensor_proto.float_val[0] if event.tensor_proto.float_val else None for event in shown.Tensors(name, "train/loss")}
    assert got.keys() == wanted.keys(), (name, got, wanted)
    for step, value in wanted.items():
        assert abs(got[step] - value) < 1e-5 * max(1, abs(value)), (name, step, got[step], value)
        points += 1
print(f"{len(names)} runs, {points} points: {', '.join(names)}")
