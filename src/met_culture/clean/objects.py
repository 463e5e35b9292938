"""Read the columns of objects.parquet that clean needs."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from met_culture.clean.params import CleanParams
from met_culture.clean.tables import IMAGE_COLUMNS, TEXT_COLUMNS
from met_culture.common.errors import UserError
from met_culture.fetch.records import BOOLEANS, INTEGERS, SCHEMA, read_objects

# Columns to read besides those of clean.keep and clean.target. All 57 columns of 100,000 objects would take a gigabyte.
NEEDED = {"objectID", "status", "reason", "isPublicDomain", "department", "classification", "objectName", "culture"}
NEEDED |= {"accessionNumber", "primaryImageSmall", *IMAGE_COLUMNS, *TEXT_COLUMNS}


def _without_nulls(values: pd.Series, field: pa.Field) -> pd.Series:
    if field.type == pa.string():
        return values.astype(object).fillna("")
    if field.name in BOOLEANS:
        return values.eq(True)
    if field.name in INTEGERS and field.name != "objectID":
        # One null among integers makes all of them floats, and rules match "1700", not "1700.0".
        return values.astype("Int64").astype(object).where(values.notna(), "")
    return values


def read_needed(path: Path, params: CleanParams) -> pd.DataFrame:
    """Return the columns of objects.parquet that the stage needs; text and years have "" for null.

    Raises:
        UserError: The file is missing, or its columns, types or ids are not those that fetch writes.
    """
    needed = NEEDED | set(params.target)
    for rule in params.keep:
        needed |= set(rule)
    fields = [field for field in SCHEMA if field.name in needed]
    # As categories, a text that many objects share is held once.
    objects = read_objects(path, [field.name for field in fields]).to_pandas(strings_to_categorical=True)
    if objects["objectID"].duplicated().any():
        raise UserError(f"{path} has an objectID twice; run `dvc repro --force fetch`.")
    for field in fields:
        objects[field.name] = _without_nulls(objects[field.name], field)
    pa.default_memory_pool().release_unused()  # Arrow would keep its buffers, a third of the stage's memory
    return objects
