"""Stage clean: choose the paintings, label them, group those that belong together, and split.

Reads: `objects.parquet`, `source.json` and `images/` of fetch.
Writes: `paintings.csv` (one row per kept object: objectID, label, group, split, ...), `rejected.csv` (every other
object with its reason), `labels.json` (the classes in order, and the source), and the metrics.
"""

from pathlib import Path

import pandas as pd

from met_culture.clean.duplicates import group, perceptual_hashes
from met_culture.clean.labels import apply_rules, match_names
from met_culture.clean.metrics import count_paintings
from met_culture.clean.objects import read_needed
from met_culture.clean.params import CleanParams
from met_culture.clean.split import split
from met_culture.clean.tables import write_paintings, write_rejected
from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_json
from met_culture.common.schemas import Origin


def group_and_split(kept: pd.DataFrame, raw: Path, params: CleanParams) -> pd.DataFrame:
    """Return the kept objects, those with a `label`, with `group` and `split`.

    Raises:
        UserError: A label has too few groups to split.
    """
    paintings = kept.reset_index(drop=True)
    paintings = paintings.astype({"image_width": int, "image_height": int})  # only rejected objects had nulls there
    hashes = perceptual_hashes([raw / name for name in paintings["image_file"]])
    paintings["group"] = group(paintings, hashes, params)
    paintings["split"] = split(paintings, params)
    return paintings


def _kinds(rejected: pd.DataFrame) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in rejected["kind"].value_counts().items()) or "no object"


def main() -> None:
    """Choose, label, group and split the paintings."""
    paths = path_arguments(__doc__, "raw", "out", "metrics", prog="python -m met_culture.clean")
    params = load("clean", CleanParams)
    origin = read_json(paths.raw / "source.json", Origin, "dvc repro fetch")
    source = {"source": origin["source"]}
    labels = [rule.label for rule in params.labels]
    objects = read_needed(paths.raw / "objects.parquet", params)
    outcome = match_names(objects, params) if origin.get("listed_labels") else apply_rules(objects, params)
    objects = objects.drop(columns="reason").join(outcome).sort_values("objectID")
    is_kept = objects["label"].notna()
    rejected = objects[~is_kept]
    write_rejected(paths.out / "rejected.csv", rejected)
    if not is_kept.any():
        raise UserError(
            f"{source['source']} holds no painting that clean accepts ({_kinds(rejected)}); "
            f"{paths.out / 'rejected.csv'} has the reason for every object."
        )
    paintings = group_and_split(objects[is_kept], paths.raw, params)
    write_paintings(paths.out / "paintings.csv", paintings)
    write_json(paths.out / "labels.json", source | {"labels": labels})
    write_json(paths.metrics, source | count_paintings(paintings, rejected, labels))


if __name__ == "__main__":
    run(main)
