"""Training images per second of one process against two on one machine, each pinned to a core of its own, on JAX.

`python benchmarks/several.py` takes about eight minutes on two cores, which nothing else may use meanwhile. It trains
the article's CNN on data/preprocess, which `make repro` makes, with the same batches of 32 in both ways, through
KERAS_BACKEND=jax and what `met_culture.train` uses. A result is that of the median epoch of a training,
validation included, without its first epoch, which compiles. The ways take turns. The two processes talk over loopback,
so the result shows the cost of exchange and waiting, but not that of a network.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, ROOT, write

from met_culture.common.config import load
from met_culture.train.params import TrainParams

EPOCHS, ROUNDS, LABELS = 5, 4, 4
ENV = {"KERAS_BACKEND": "jax", "MET_CULTURE_WAIT_S": "60"}


def train(arrays: Path, seconds: Path, epochs: int) -> None:
    """Train in this process, one of those that the environment names, and write what process 0 sees of each epoch.

    Args:
        arrays: Folder of preprocess.
        seconds: File for the seconds of each epoch.
        epochs: How many.
    """
    from met_culture.models.backend import make_deterministic
    from met_culture.train.batches import load_batches
    from met_culture.train.distributed.collectives import process_index_and_count
    from met_culture.train.distributed.data_parallel import fit_epoch, replicate
    from met_culture.train.networks import build

    make_deterministic()
    params = load("train", TrainParams, ROOT / "params.yaml")
    network = build(params, json.loads((arrays / "meta.json").read_text())["image_size"], LABELS)
    data, val = (load_batches(arrays, split, LABELS, params, network.frozen) for split in ("train", "val"))
    network.trainable.optimizer.build(network.trainable.trainable_variables)
    measured = []
    with replicate(network.trainable) as model:
        for epoch in range(epochs):
            started = time.perf_counter()
            fit_epoch(model, data.epoch(params.seed, epoch, params.augment), val, None, lambda images: None)
            measured.append(time.perf_counter() - started)
    if process_index_and_count()[0] == 0:
        seconds.write_text(json.dumps(measured))


def once(arrays: Path, processes: int, epochs: int) -> float:
    """Train in this many processes, the first of them on core 0 and so on; returns training images per second."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as temporary:
        seconds = Path(temporary) / "seconds.json"
        children = []
        for process in range(processes):
            env = {
                "MET_CULTURE_COORDINATOR": f"127.0.0.1:{port}",
                "MET_CULTURE_PROCESSES": str(processes),
                "MET_CULTURE_PROCESS": str(process),
            }
            # As a module, because `run_supervised` starts it again as one.
            command = [sys.executable, "-m", "several", "--train", str(seconds)]
            command += ["--arrays", str(arrays), "--epochs", str(epochs)]
            children.append(
                subprocess.Popen(
                    ["taskset", "--cpu-list", str(process), *command],
                    cwd=temporary,
                    env=os.environ | ENV | env | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                    stdout=subprocess.DEVNULL,  # Gloo prints a greeting
                )
            )
        codes = [child.wait() for child in children]
        if any(codes):
            raise RuntimeError(f"a training of {processes} failed; exit codes: {codes}")
        measured = json.loads(seconds.read_text())
    return len(np.load(arrays / "train_y.npy")) / statistics.median(measured[1:])


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arrays", type=Path, default=ROOT / "data/preprocess", help="folder of preprocess")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"of a training (default: {EPOCHS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"trainings of each way (default: {ROUNDS})")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the result")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.train:
        from met_culture.common.cli import run
        from met_culture.train.distributed.launch import run_supervised

        run(lambda: run_supervised(lambda: train(args.arrays, args.train, args.epochs), "several"))
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(args.rounds):
        for processes, measured in rates.items():
            measured.append(once(args.arrays.resolve(), processes, args.epochs))
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    result: dict[str, Any] = {
        "batch_size": load("train", TrainParams, ROOT / "params.yaml").batch_size,
        "epochs": args.epochs,
        "rounds": args.rounds,
        "images_per_second": {str(processes): statistics.median(values) for processes, values in rates.items()},
        "speed_up": statistics.median(ratios),
        "speed_ups": ratios,
    }
    write("several", result, args.results)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
