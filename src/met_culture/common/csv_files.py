"""Read the CSV files of a run; every fault is one sentence with the file and the command that rebuilds it."""

import io
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from met_culture.common.files import check_text, damaged, read_text
from met_culture.common.schemas import SPLITS


def parse_table(
    name: object, text: str, columns: Mapping[str, type], rebuild: str, number_prefix: str | None = None
) -> pd.DataFrame:
    """Return a CSV text as a table; columns without a type are text, and no cell is null.

    Args:
        name: What errors call it.
        text: The text; every row ends with a line end, so that a missing one shows that the file was cut off.
        columns: The columns that must be there, with int, float or str.
        rebuild: Command that writes the text anew.
        number_prefix: Columns whose name starts so are numbers, too.

    Raises:
        UserError: Columns, types or rows are wrong.
    """
    check_text(name, text, rebuild)
    if not text.endswith("\n"):
        raise damaged(name, "its last row is cut off", rebuild)
    try:
        header = [str(column) for column in pd.read_csv(io.StringIO(text, newline=""), nrows=0, dtype=str)]
        if missing := [column for column in columns if column not in header]:
            raise damaged(name, f"it has no column {missing[0]}", rebuild)
        types: defaultdict[str, type] = defaultdict(lambda: str, columns)
        types |= {column: float for column in header if number_prefix and column.startswith(number_prefix)}
        with np.errstate(invalid="raise"):  # a number such as 1e23 in a column of integers is only a warning
            table = pd.read_csv(io.StringIO(text, newline=""), keep_default_na=False, dtype=types)
    except (ValueError, OverflowError, FloatingPointError) as error:
        raise damaged(name, error, rebuild) from None
    # If the first row is too long, pandas takes its first cell for an index; short rows get nulls.
    is_complete = isinstance(table.index, pd.RangeIndex) and table.notna().all(axis=None)
    if not (is_complete and np.isfinite(table.select_dtypes("number")).all(axis=None)):
        raise damaged(name, "a row is too long or too short, or a number is missing", rebuild)
    return table


def read_table(path: Path, columns: Mapping[str, type], rebuild: str, number_prefix: str | None = None) -> pd.DataFrame:
    """Return the table of a CSV file; arguments and errors as for `parse_table`."""
    return parse_table(path, read_text(path, rebuild), columns, rebuild, number_prefix)


def check_values(name: object, values: pd.Series, allowed: list[str], rebuild: str) -> None:
    """Check that a column holds only some values, such as the labels.

    Raises:
        UserError: It holds another.
    """
    others = values[~values.isin(allowed)]
    if len(others):
        known = ", ".join(allowed[:10])
        raise damaged(name, f"{values.name} {others.iloc[0]!r} is none of {known}", rebuild)


def check_splits(path: Path, table: pd.DataFrame, needed: tuple[str, ...], rebuild: str) -> None:
    """Check that a table has no misspelt split, no object twice, and a row in every needed split.

    Raises:
        UserError: It does not.
    """
    check_values(path, table["split"], list(SPLITS), rebuild)
    missing = [split for split in needed if split not in set(table["split"])]
    if missing:
        raise damaged(path, f"no row has the split {missing[0]}", rebuild)
    if table["objectID"].duplicated().any():
        raise damaged(path, "an objectID appears twice", rebuild)
