"""Checks exported ONNX models: onnx.checker's full check, onnxruntime against check.json, and the time of one picture of 256 x 256.

    hemosynth export-model RUN --format onnx --out FOLDER/NAME      # or scripts/parity/onnx-exports.ts for every kind
    python3 scripts/parity/onnx_exports.py FOLDER

Needs onnx, onnxruntime and numpy. Ends with 1 if a model is not sound or differs by more than 1e-4 of its largest output.
"""

import json
import pathlib
import statistics
import sys
import time

import numpy as np
import onnx
import onnxruntime


def array(tensor):
    return np.array(tensor["data"], np.float32).reshape(tensor["shape"])


def milliseconds(session, rounds=7):
    image = np.random.default_rng(0).random((1, 1, 256, 256), np.float32)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        session.run(None, {"image": image})
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main(folder):
    worst = 0.0
    for path in sorted(pathlib.Path(folder).glob("*/model.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        check = json.loads((path.parent / "check.json").read_text())
        expected = array(check["output"])
        (got,) = session.run(["logits"], {"image": array(check["input"])})
        difference = np.abs(got - expected).max() / max(1, np.abs(expected).max())
        worst = max(worst, difference)
        print(f"{path.parent.name:10} {len(onnx.load(path).graph.node):4} ops  difference {difference:.1e}  {milliseconds(session):7.1f} ms")
    return 0 if worst < 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
