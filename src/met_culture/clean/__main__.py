"""Stage clean: choose the paintings, label them, group those that belong together, and split.

Reads: `objects.parquet`, `source.json` and `images/` of fetch.
Writes: `paintings.csv` (one row per kept object: objectID, label, group, split, ...), `rejected.csv` (every other
object with its reason), `labels.json` (the classes in order, and the source), and the metrics.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from met_culture.clean.duplicates import group, perceptual_hashes
from met_culture.clean.folds_file import describe_coverage, read_folds, reject_unlisted
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
from met_culture.common.terminal import print_line


def group_and_split(
    kept: pd.DataFrame, raw: Path, params: CleanParams, folds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the kept objects, those with a `label`, with `group` and `split`.

    Args:
        kept: Rows of objects.parquet, with `label`.
        raw: Folder of the images.
        params: How they are grouped and split.
        folds: Given groups and folds or splits, as `read_folds` returns them.

    Raises:
        UserError: A label has too few groups to split.
    """
    paintings = kept.reset_index(drop=True)
    paintings = paintings.astype({"image_width": int, "image_height": int})  # only rejected objects had nulls there
    if folds is None:
        hashes = perceptual_hashes([raw / name for name in paintings["image_file"]])
        paintings["group"] = group(paintings, hashes, params)
        paintings["split"] = split(paintings, params)
        return paintings
    given = folds.loc[paintings["objectID"]].reset_index(drop=True)
    paintings["group"] = given["group"]
    paintings["split"] = split(paintings, params, given["part"])
    return paintings


def _kinds(rejected: pd.DataFrame) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in rejected["kind"].value_counts().items()) or "no object"


def label_objects(objects: pd.DataFrame, origin: dict[str, Any], params: CleanParams) -> pd.DataFrame:
    """Return the objects with `label`, `kind` and `reason` of rejection, by ascending objectID.

    Args:
        objects: As `read_needed` returns them.
        origin: Content of source.json.
        params: The rules.
    """
    outcome = match_names(objects, params) if origin.get("listed_labels") else apply_rules(objects, params)
    return objects.drop(columns="reason").join(outcome).sort_values("objectID")


def main() -> None:
    """Choose, label, group and split the paintings."""
    paths = path_arguments(__doc__, "raw", "out", "metrics", prog="python -m met_culture.clean")
    params = load("clean", CleanParams)
    folds = read_folds(params)
    origin = read_json(paths.raw / "source.json", Origin, "dvc repro fetch")
    source = {"source": origin["source"]}
    labels = [rule.label for rule in params.labels]
    objects = label_objects(read_needed(paths.raw / "objects.parquet", params), origin, params)
    if folds is not None:
        objects = reject_unlisted(objects, folds)
        print_line(describe_coverage(objects, folds))
    is_kept = objects["label"].notna()
    rejected = objects[~is_kept]
    write_rejected(paths.out / "rejected.csv", rejected)
    if not is_kept.any():
        raise UserError(
            f"{source['source']} holds no painting that clean accepts ({_kinds(rejected)}); "
            f"{paths.out / 'rejected.csv'} has the reason for every object."
        )
    paintings = group_and_split(objects[is_kept], paths.raw, params, folds)
    write_paintings(paths.out / "paintings.csv", paintings)
    write_json(paths.out / "labels.json", source | {"labels": labels})
    write_json(paths.metrics, source | count_paintings(paintings, rejected, labels))


if __name__ == "__main__":
    run(main)
