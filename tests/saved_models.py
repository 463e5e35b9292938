"""Models with random weights, and a repository with a model in each commit."""

from dataclasses import replace
from pathlib import Path

import yaml
from cloning import Clone
from support import ROOT

from met_culture.common.config import load
from met_culture.models.model_file import save_model
from met_culture.train.networks import build
from met_culture.train.params import TrainParams

META = {
    "labels": ["China", "Japan", "America", "India"],
    "image_size": 48,
    "fit": "letterbox",
    "epoch": 1,
    "interpolation": "area",
    "source": "museum folder x",
}


def model(folder: Path, seed: int, threshold: float = 0.0) -> None:
    """Write a model with random weights to the folder models."""
    network = build(replace(load("train", TrainParams, ROOT / "params.yaml"), seed=seed), 48, 4).trainable
    save_model(network, folder / "models/model.keras", META | {"threshold": threshold}, optimizer=False)


def repository(folder: Path) -> Clone:
    """Return a repository of two commits with a model each, and another model in the folder."""
    clone = Clone(folder)
    (folder / "models").mkdir(parents=True)
    (folder / "dvc.yaml").write_text(
        yaml.safe_dump({"stages": {"train": {"cmd": "true", "outs": ["models/model.keras"]}}})
    )
    clone.run("git", "init", "-q", "-b", "main")
    clone.run("dvc", "init", "-q")
    for seed in (1, 2):
        model(folder, seed)
        clone.run("dvc", "commit", "--force")
        clone.run("git", "add", ".")
        clone.run("git", "commit", "-qm", f"Model {seed}")
    (folder / "models/model.keras").unlink()
    model(folder, 3, threshold=1.0)
    return clone
