"""Split paintings into train, val and test: by groups and labels, or shuffled as in the article; seeded in both."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from met_culture.clean.params import CleanParams
from met_culture.common.errors import UserError
from met_culture.common.schemas import SPLITS


def _count(fraction: float, groups: int, largest: int) -> int:
    """Return a fraction of the groups as a number of groups, at least 1 and at most `largest`."""
    return min(max(1, round(fraction * groups)), largest)


def _draw(groups: list[int], params: CleanParams) -> dict[str, list[int]]:
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


def _check_count(counted: str, groups: int, params: CleanParams) -> None:
    if groups >= max(len(SPLITS), params.folds or 0):
        return
    needed = f"clean.folds are {params.folds}" if params.folds else "train, val and test need one each"
    raise UserError(
        f"clean.labels: {counted}, and {needed}; fetch more, "
        "correct its rule, or remove the label (rejected.csv says what was left out)."
    )


def _by_group(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    label_of = _label_of_groups(paintings)
    split_of: dict[int, str] = {}
    for rule in params.labels:
        groups = sorted(label_of.index[label_of == rule.label])
        _check_count(f"{rule.label} has {len(groups)} separate pictures or albums", len(groups), params)
        for name, members in _draw(groups, params).items():
            split_of |= dict.fromkeys(members, name)
    return paintings["group"].map(split_of)


def _shuffled(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    rows = paintings.index.tolist()
    _check_count(f"only {len(rows)} paintings fit them", len(rows), params)
    split_of = pd.Series("", index=paintings.index)
    for name, members in _draw(rows, params).items():
        split_of.loc[members] = name
    trained = set(paintings["label"][split_of == "train"])
    for rule in params.labels:
        if rule.label not in trained:
            raise UserError(
                f"clean.split: shuffled leaves no painting of {rule.label} for training; set clean.split to grouped, "
                "choose another clean.seed, or fetch more."
            )
    return split_of


def split(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    """Return `train`, `val` or `test` for each painting.

    `grouped` keeps a group together and every label in each split: the fractions apply to the groups of a label, and a
    group with several labels counts for its most frequent one. `shuffled` is the article's split: the fractions apply
    to the paintings, so a group may be in several splits, and a rare label may be missing in val or test. With
    `folds`, test is fold number `fold` of what the fractions apply to: over all folds, every painting is in test once.

    Args:
        paintings: Columns label and group; their order decides a shuffled split.
        params: Seed, kind of split, fractions and labels.

    Raises:
        UserError: A label has fewer than three groups, or fewer groups than folds, or is not in train.
    """
    if params.split == "shuffled":
        return _shuffled(paintings, params)
    return _by_group(paintings, params)
