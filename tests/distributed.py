"""Trainings on several machines, each a folder and a process on loopback; run as a module, this is the process."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from support import ROOT, heed_ctrl_c, set_param
from training import ARGUMENTS, OUTPUTS


def machines(arrays: Path, epochs: int, number: int = 2) -> list[Path]:
    """Return separate folders with the same arrays."""
    top = Path(tempfile.mkdtemp(dir=arrays.parent))
    folders = [Path(shutil.copytree(arrays, top / str(index))) for index in range(number)]
    for folder in folders:
        set_param(folder, "epochs: 3", f"epochs: {epochs}")
    return folders


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(folders: list[Path], wait_s: int = 60, present: int | None = None) -> list[subprocess.Popen[str]]:
    """Start a training with a process in each folder, or only the first of them."""
    port, children = free_port(), []
    for index, folder in list(enumerate(folders))[:present]:
        env: dict[str, Any] = os.environ | {
            "KERAS_BACKEND": "jax",
            "MET_CULTURE_COORDINATOR": f"127.0.0.1:{port}",
            "MET_CULTURE_PROCESSES": str(len(folders)),
            "MET_CULTURE_PROCESS": str(index),
            "MET_CULTURE_WAIT_S": str(wait_s),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}",
        }
        command = [sys.executable, "-m", "distributed", *ARGUMENTS]
        # A session of its own is what a terminal's Ctrl-C reaches as a whole.
        options: dict[str, Any] = {"start_new_session": True, "preexec_fn": heed_ctrl_c}
        children.append(subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True, **options))
    return children


def run_together(*trainings: list[Path]) -> list[str]:
    """Run trainings side by side to the end, with a process in each folder; return the stderr of each process."""
    children = []
    for folders in trainings:
        children.extend(start(folders))
    messages = [child.communicate(timeout=600)[1] for child in children]
    for child, message in zip(children, messages, strict=True):
        assert child.returncode == 0, message
    return messages


def outputs(folder: Path) -> dict[str, bytes]:
    """Return the outputs of a training by name."""
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def main() -> None:
    """Train, and leave in `result.npz` this process's weights and how many images it augmented."""
    from met_culture.common.cli import run
    from met_culture.train import __main__ as train
    from met_culture.train import batches
    from met_culture.train.distributed.launch import run_supervised

    fit, augment, augmented = train.fit, batches.augment, []

    def count_and_augment(image: Any, *rest: Any) -> Any:
        augmented.append(1)
        return augment(image, *rest)

    def fit_and_save(network: Any, *rest: Any) -> Any:
        result = fit(network, *rest)
        np.savez("result.npz", *network.trainable.get_weights(), read=len(augmented))
        return result

    batches.augment = count_and_augment
    train.fit = fit_and_save
    run(lambda: run_supervised(train.main, "distributed"))


if __name__ == "__main__":
    main()
