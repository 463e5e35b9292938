"""Read the file that `clean.folds_file` names: group, and split or fold, of every painting."""

import re
from pathlib import Path

import pandas as pd

from met_culture.clean.params import CleanParams
from met_culture.common.errors import UserError
from met_culture.common.schemas import SPLITS
from met_culture.common.user_csv import column_position, csv_rows, named_file

KEY = "clean.folds_file"
UNLISTED = "not_in_folds_file"  # kind of rejection


def _read_cells(file: Path, hints: dict[str, str]) -> pd.DataFrame:
    """Return columns as text, indexed by line; `hints` has what a user can do if a column is missing, by its name."""
    rows = csv_rows(KEY, file)
    _, header = next(rows, (0, []))
    header = [name.strip() for name in header]
    positions = [column_position(KEY, file, header, name, hint) for name, hint in hints.items()]
    cells: dict[int, list[str]] = {}
    for line, row in rows:
        if len(row) != len(header):
            raise UserError(f"{KEY}: {file}, line {line}: {len(row)} cells instead of {len(header)}; correct the row.")
        cells[line] = [row[position].strip() for position in positions]
    if not cells:
        raise UserError(f"{KEY}: {file} has no row; give a file with a row for every painting.")
    return pd.DataFrame.from_dict(cells, orient="index", columns=list(hints))


def _check(file: Path, cells: pd.Series, is_valid: pd.Series, fault: str) -> None:
    faults = cells[~is_valid]
    if len(faults):
        line, text = faults.index[0], f"{cells.name} {str(faults.iloc[0])[:40]!r}"
        raise UserError(f"{KEY}: {file}, line {line}: {text} {fault}; correct it.")


def _integers(file: Path, cells: pd.Series) -> pd.Series:
    is_integer = cells.str.fullmatch(r"\d{1,18}", flags=re.ASCII).astype(bool)
    _check(file, cells, is_integer, "is not a whole number")
    return cells.astype("int64")


def _parts(file: Path, cells: pd.Series, folds: int | None) -> pd.Series:
    if folds is None:
        _check(file, cells, cells.isin(SPLITS), f"is not one of {', '.join(SPLITS)}")
        return cells
    parts = _integers(file, cells)
    _check(file, cells, parts < folds, f"is not below clean.folds ({folds})")
    if parts.nunique() < folds:
        raise UserError(
            f"{KEY}: {file}: {cells.name} has {parts.nunique()} folds, and clean.folds is {folds}; give both the same "
            "number of folds."
        )
    return parts


def _check_groups(file: Path, column: str, table: pd.DataFrame) -> None:
    parts = table.groupby("group")["part"].nunique()
    if (parts > 1).any():
        raise UserError(
            f"{KEY}: {file}: group {parts.idxmax()} has several values of {column}, so that parts of one work would be "
            "in training and test; correct it, or set clean.split to shuffled."
        )


def read_folds(params: CleanParams) -> pd.DataFrame | None:
    """Return the groups and parts of the paintings that `params.folds_file` lists, or None if it is None.

    Args:
        params: With `folds`, the column of the parts is `fold_<seed>`, and otherwise `split`.

    Returns:
        Columns `group` (integers) and `part` (folds from 0, or `train`, `val` and `test`), indexed by objectID.

    Raises:
        UserError: The file is no CSV in UTF-8, lacks a column, has an objectID twice, or a cell is not valid.
    """
    if params.folds_file is None:
        return None
    file = named_file(KEY, params.folds_file)
    column = f"fold_{params.seed}" if params.folds else "split"
    hint = "choose a clean.seed that it has" if params.folds else "set clean.folds to use its folds"
    cells = _read_cells(file, {"objectID": "add it", "group": "add it", column: hint})
    ids = _integers(file, cells["objectID"])
    _check(file, ids, ~ids.duplicated(), "appears twice")
    table = pd.DataFrame({"group": _integers(file, cells["group"]), "part": _parts(file, cells[column], params.folds)})
    if params.split == "grouped":
        _check_groups(file, column, table)
    return table.set_index(ids)


def reject_unlisted(objects: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Return the objects, of which those with a label that the file does not list are rejected.

    Args:
        objects: Columns `objectID`, `label` (null where rejected), `kind` and `reason`.
        folds: As `read_folds` returns them.
    """
    is_unlisted = objects["label"].notna() & ~objects["objectID"].isin(folds.index)
    result = objects.copy()
    result.loc[is_unlisted, ["label", "kind", "reason"]] = [None, UNLISTED, f"{KEY} has no row with this objectID"]
    return result


def describe_coverage(objects: pd.DataFrame, folds: pd.DataFrame) -> str:
    """Return one line that says how many paintings of the file are used, and how many are missing for which reason.

    Args:
        objects: Columns `objectID`, `label` (null where rejected) and `kind`.
        folds: As `read_folds` returns them.
    """
    listed = objects[objects["objectID"].isin(folds.index)]
    rejected = listed["kind"].value_counts().sort_index()
    missing = [f"{len(folds) - len(listed)} not fetched"] if len(listed) < len(folds) else []
    missing += [f"{count} {kind}" for kind, count in rejected.items()]
    used = f"{listed['label'].notna().sum()} of the {len(folds)} paintings of {KEY} are used"
    unlisted = (objects["kind"] == UNLISTED).sum()
    return f"{used} (missing: {', '.join(missing) or 'none'}); other paintings, left out: {unlisted}"
