"""Stage clean: choose the paintings, label them, group what belongs together, and split.

Reads: `objects.parquet`, `source.json` and `images/` of fetch.
Writes: `paintings.csv` (one row per kept object: objectID, label, group, split, ...), `rejected.csv` (every other
object with its reason), `labels.json` (the classes in order, and the source), and the metrics.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from met_culture.clean.duplicates import group, perceptual_hashes
from met_culture.clean.labels import apply_rules
from met_culture.clean.params import CleanParams
from met_culture.clean.split import split
from met_culture.clean.tables import SPLITS, spreadsheet_safe
from met_culture.common.cli import path_arguments, run
from met_culture.common.config import load
from met_culture.common.errors import UserError
from met_culture.common.files import read_json, write_csv, write_json
from met_culture.fetch.records import BOOLEANS, INTEGERS, SCHEMA

SHOWN = ["title", "artistDisplayName", "objectDate", "medium", "objectURL", "creditLine"]
IMAGE = ["image_file", "image_sha256", "image_width", "image_height"]
# What the stage reads beside the columns that clean.keep and clean.target name: of a hundred thousand objects, all 57
# would fill a gigabyte.
READ = {"objectID", "status", "reason", "isPublicDomain", "department", "classification", "objectName", "culture"}
READ |= {"accessionNumber", "primaryImageSmall", *IMAGE, *SHOWN}


def read_objects(path: Path, params: CleanParams) -> pd.DataFrame:
    """Return what the stage needs of the table of fetch, text without nulls.

    Raises:
        UserError: The file is missing, or its columns, types or ids are not fetch's.
    """
    used = {*READ, *params.target, *(name for rule in params.keep for name in rule)}
    fields = [field for field in SCHEMA if field.name in used]
    try:
        schema = pq.read_schema(path)
        table = pq.read_table(path, columns=[field.name for field in fields]) if schema.equals(SCHEMA) else None
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{path} cannot be read ({error}); run `dvc repro fetch`.") from None
    if table is None:
        raise UserError(f"{path} does not have the columns and types of this version; run `dvc repro --force fetch`.")
    objects = table.to_pandas(strings_to_categorical=True)  # a text that many objects have is held once
    del table
    if objects["objectID"].duplicated().any():
        raise UserError(f"{path} has an objectID twice; run `dvc repro --force fetch`.")
    text = [field.name for field in fields if field.type == pa.string()]
    # One null among whole numbers makes all of them fractions, and rules match "1700", not "1700.0".
    years = {
        name: objects[name].astype("Int64").astype(object).where(objects[name].notna(), "")
        for name in INTEGERS
        if name in used
    }
    objects = objects.assign(
        **{name: objects[name].astype(object).fillna("") for name in text},
        **{name: objects[name].eq(True) for name in BOOLEANS if name in used},
        **{name: values for name, values in years.items() if name != "objectID"},
    )
    pa.default_memory_pool().release_unused()  # Arrow would keep what reading took, a third of the stage's memory
    return objects


def count(paintings: pd.DataFrame, rejected: pd.DataFrame, labels: list[str]) -> dict[str, Any]:
    """Return the metrics of the stage: paintings per label and split, groups, and rejections by kind."""
    per_split = pd.crosstab(paintings["label"], paintings["split"]).reindex(index=labels, columns=SPLITS, fill_value=0)
    sizes = paintings["group"].value_counts()
    return {
        "paintings": len(paintings),
        "groups": len(sizes),
        "paintings_in_shared_groups": int(sizes[sizes > 1].sum()),
        "splits": paintings["split"].value_counts().reindex(SPLITS).to_dict(),
        "labels": {
            label: {"paintings": int(per_split.loc[label].sum())} | per_split.loc[label].to_dict() for label in labels
        },
        "rejected": rejected["kind"].value_counts().sort_index().to_dict(),
    }


def clean(objects: pd.DataFrame, raw: Path, params: CleanParams) -> pd.DataFrame:
    """Return the kept objects with `label`, `group` and `split`; `objects` has a `label` where it is kept.

    Raises:
        UserError: Too few are left to split.
    """
    paintings = objects[objects["label"].notna()].reset_index(drop=True)
    paintings = paintings.astype({"image_width": int, "image_height": int})  # whole again without the nulls
    hashes = perceptual_hashes([raw / name for name in paintings["image_file"]])
    paintings["group"] = group(paintings, hashes, params.album, params.near_duplicate_bits)
    paintings["split"] = split(paintings, params)
    return paintings


def main() -> None:
    """Clean what lies in the folder of the first argument into that of the second."""
    paths = path_arguments(__doc__, "raw", "out", "metrics")
    params = load("clean", CleanParams)
    source, labels = read_json(paths.raw / "source.json"), [rule.label for rule in params.labels]
    objects = read_objects(paths.raw / "objects.parquet", params)
    objects = objects.join(apply_rules(objects, params).rename(columns={"reason": "why"})).sort_values("objectID")
    rejected = objects[objects["label"].isna()]
    columns = ["objectID", "kind", "why", "culture", "department", "classification", "objectName", "title"]
    write_csv(paths.out / "rejected.csv", spreadsheet_safe(rejected[columns]).rename(columns={"why": "reason"}))
    if len(rejected) == len(objects):
        raise UserError(
            f"{source['source']} holds no painting that clean.keep and clean.labels accept; "
            f"{paths.out / 'rejected.csv'} says why for each object."
        )
    paintings = clean(objects, paths.raw, params)
    write_csv(
        paths.out / "paintings.csv",
        spreadsheet_safe(paintings[["objectID", "label", "group", "split", *IMAGE, *SHOWN]]),
    )
    write_json(paths.out / "labels.json", source | {"labels": labels})
    write_json(paths.metrics, source | count(paintings, rejected, labels))


if __name__ == "__main__":
    run(main)
