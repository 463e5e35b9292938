"""Split paintings into train, val and test: stratified by label, seeded, and never through a group."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from met_culture.clean.params import CleanParams
from met_culture.common.errors import UserError
from met_culture.common.schemas import SPLITS


def _count(fraction: float, groups: int, largest: int) -> int:
    """Return a fraction of the groups as a number of groups, at least 1 and at most `largest`."""
    return min(max(1, round(fraction * groups)), largest)


def _split_groups(groups: list[int], params: CleanParams) -> dict[str, list[int]]:
    """Return the groups of each split; at least one group stays for each split that is drawn later."""
    if params.folds:
        test = np.random.default_rng(params.seed).permutation(groups).tolist()[params.fold :: params.folds]
        rest = sorted(set(groups) - set(test))
    else:
        test_size = _count(params.test_fraction, len(groups), len(groups) - 2)
        rest, test = train_test_split(groups, test_size=test_size, random_state=params.seed)
    val_size = _count(params.val_fraction, len(groups), len(rest) - 1)
    train, val = train_test_split(rest, test_size=val_size, random_state=params.seed)
    return {"train": train, "val": val, "test": test}


def _label_of_groups(paintings: pd.DataFrame) -> pd.Series:
    """Return the most frequent label of each group, indexed by group; the first in the alphabet if two are equal."""
    counts = paintings.groupby(["group", "label"], as_index=False).size()
    counts = counts.sort_values(["size", "label"], ascending=[False, True])
    return counts.drop_duplicates("group").set_index("group")["label"]


def _check_count(label: str, groups: int, params: CleanParams) -> None:
    if groups >= max(len(SPLITS), params.folds or 0):
        return
    needed = f"clean.folds are {params.folds}" if params.folds else "train, val and test need one each"
    raise UserError(
        f"clean.labels: {label} has {groups} separate pictures or albums, and {needed}; fetch more, "
        "correct its rule, or remove the label (rejected.csv says what was left out)."
    )


def split(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    """Return `train`, `val` or `test` for each painting; every label has a group in each.

    The fractions apply to the groups of a label. A group with several labels counts for its most frequent one. With
    `folds`, test is fold number `fold` of the groups of a label: over all folds, every painting is in test once.

    Args:
        paintings: Columns label and group.
        params: Seed, fractions and labels.

    Raises:
        UserError: A label has fewer than three groups, or fewer groups than folds.
    """
    label_of = _label_of_groups(paintings)
    split_of: dict[int, str] = {}
    for rule in params.labels:
        groups = sorted(label_of.index[label_of == rule.label])
        _check_count(rule.label, len(groups), params)
        for name, members in _split_groups(groups, params).items():
            split_of |= dict.fromkeys(members, name)
    return paintings["group"].map(split_of)
