"""Arguments, outputs and checkpoints of the stage train."""

from pathlib import Path

OUTPUTS = (
    "models/model.keras",
    "models/last.keras",
    "plots/training.csv",
    "metrics/train.json",
    "metrics/environment.json",
)
ARGUMENTS = ("data/preprocess", *OUTPUTS)


def latest(folder: Path) -> int:
    """Return the highest epoch that has a checkpoint."""
    return max([int(path.stem.split("-")[-1]) for path in folder.glob(".scratch/checkpoints/*.npz")], default=0)
