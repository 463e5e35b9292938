"""The paintings of a source with their pictures, as the stage clean keeps them, for measurements without a pipeline."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from article import parameters
from measure import scratch_clone, source_path

from met_culture.clean.params import CleanParams
from met_culture.common.config import load
from met_culture.common.files import read_json
from met_culture.images.decode import decode


@dataclass(frozen=True)
class Cleaned:
    """Kept paintings.

    Attributes:
        paintings: The table of clean.
        pictures: Picture of each painting, uint8 (h, w, 3), RGB.
        labels: Names of the classes.
        source: Name of the source.
        clean: Parameters of clean.
        params: All parameters.
    """

    paintings: pd.DataFrame
    pictures: list[np.ndarray]
    labels: list[str]
    source: str
    clean: CleanParams
    params: dict[str, Any]


def cleaned(source: str, changes: dict[str, Any]) -> Cleaned:
    """Fetch and clean a source in a scratch clone, deleted afterwards.

    Args:
        source: `sample`, or a museum folder.
        changes: Parameters to change, by dotted key.
    """
    with tempfile.TemporaryDirectory() as folder:
        clone = scratch_clone(Path(folder) / "clone")
        params = parameters(changes | {"fetch.source": source_path(source)})
        (clone.folder / "params.yaml").write_text(yaml.safe_dump(params))
        clone.run("dvc", "repro", "clean")
        paintings = pd.read_csv(clone.folder / "data/clean/paintings.csv", keep_default_na=False, dtype={"label": str})
        meta = read_json(clone.folder / "data/clean/labels.json")
        clean = load("clean", CleanParams, clone.folder / "params.yaml")
        pictures = [decode((clone.folder / "data/raw" / name).read_bytes()) for name in paintings["image_file"]]
    return Cleaned(paintings, pictures, list(meta["labels"]), meta["source"], clean, params)
