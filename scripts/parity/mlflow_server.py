"""What `hemosynth run --mlflow` tells a real MLflow server, read back by MLflow's own client and compared with the run folder.

    python scripts/parity/mlflow_server.py RUN CONFIG COMMAND...

such as `python scripts/parity/mlflow_server.py runs/told configs/smoke.yaml node dist/cli.js`. Needs mlflow. Starts a server with its files in a
temporary folder, runs COMMAND run CONFIG --out RUN --mlflow …, and ends with an error where a number or a file differs.
"""

import csv
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from mlflow.tracking import MlflowClient

run, config, *command = sys.argv[1:]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
uri = f"http://127.0.0.1:{port}"
with tempfile.TemporaryDirectory() as home:
    serve = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--backend-store-uri", f"sqlite:///{home}/mlflow.db"]
    server = subprocess.Popen([sys.executable, "-m", "mlflow", *serve, "--artifacts-destination", f"{home}/files"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{uri}/health").read()
                break
            except OSError:
                time.sleep(1)
        subprocess.run([*command, "run", config, "--out", run, "--mlflow", uri], check=True)
        client = MlflowClient(uri)
        [experiment] = [one for one in client.search_experiments() if one.name != "Default"]
        [found] = client.search_runs([experiment.experiment_id])
        assert found.info.status == "FINISHED", found.info.status
        with open(Path(run) / "train/metrics.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        points = 0
        for key in rows[0]:
            if key == "step":
                continue
            wanted = [(int(row["step"]), float(row[key])) for row in rows if row[key] != ""]
            got = [(point.step, point.value) for point in client.get_metric_history(found.info.run_id, key)] if wanted else []
            assert got == wanted, (key, got, wanted)
            points += len(wanted)
        results = json.loads((Path(run) / "eval/results.json").read_text())
        figures = 0
        for one in results["metrics"]:
            if one["subset"] == "all" and one["estimate"] is not None:
                assert found.data.metrics[f"{results['split']}/{one['metric']}_{one['per']}"] == one["estimate"], one
                figures += 1
        for name in ("config.yaml", "manifest.json", "report.html", "eval/results.json"):
            with tempfile.TemporaryDirectory() as to:
                path = client.download_artifacts(found.info.run_id, name, to)
                assert Path(path).read_bytes() == (Path(run) / name).read_bytes(), name
        print(f"experiment {experiment.name}, run {found.info.run_name}: {len(found.data.params)} options, {points} points of curves, {figures} figures, 4 files, all as in the folder")
    finally:
        server.terminate()
        server.wait()
