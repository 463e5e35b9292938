"""Machines of a training, each a folder of its own and a process on loopback; run as a module, it is that process."""

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
    """Return folders with the same arrays, none of which sees another."""
    top = Path(tempfile.mkdtemp(dir=arrays.parent))
    folders = [Path(shutil.copytree(arrays, top / str(place))) for place in range(number)]
    for folder in folders:
        set_param(folder, "epochs: 3", f"epochs: {epochs}")
    return folders


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(folders: list[Path], wait_s: int = 60, present: int | None = None) -> list[subprocess.Popen[str]]:
    """Start a training with a process in each folder, or only the first of them."""
    port, children = free_port(), []
    for place, folder in list(enumerate(folders))[:present]:
        env: dict[str, Any] = os.environ | {
            "KERAS_BACKEND": "jax",
            "MET_CULTURE_COORDINATOR": f"127.0.0.1:{port}",
            "MET_CULTURE_PROCESSES": str(len(folders)),
            "MET_CULTURE_PROCESS": str(place),
            "MET_CULTURE_WAIT_S": str(wait_s),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}",
        }
        command = [sys.executable, "-m", "distributed", *ARGUMENTS]
        # A session of its own is what a terminal's Ctrl-C reaches as a whole.
        options: dict[str, Any] = {"start_new_session": True, "preexec_fn": heed_ctrl_c}
        children.append(subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True, **options))
    return children


def together(*trainings: list[Path]) -> list[str]:
    """Run trainings beside each other to the end, with a process in each folder; return what each process says."""
    children = [child for folders in trainings for child in start(folders)]
    told = [(child, child.communicate(timeout=600)[1]) for child in children]
    for child, said in told:
        assert child.returncode == 0, said
    return [said for _, said in told]


def outputs(folder: Path) -> dict[str, bytes]:
    """Return the outputs of a training by name."""
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def main() -> None:
    """Train, and leave in `seen.npz` this process's weights and how many images it augmented."""
    from met_culture.common.cli import run
    from met_culture.train import batches
    from met_culture.train import loop as train
    from met_culture.train.distributed.launch import attended

    fit, augment, read = train.fit, batches.augment, []
    batches.augment = lambda image, *rest: read.append(1) or augment(image, *rest)

    def fitted(network: Any, *rest: Any) -> Any:
        result = fit(network, *rest)
        np.savez("seen.npz", *network.trainable.get_weights(), read=len(read))
        return result

    train.fit = fitted
    run(lambda: attended(train.main))


if __name__ == "__main__":
    main()
