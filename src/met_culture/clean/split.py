"""Split paintings into train, val and test: by groups and labels, or shuffled as in the article; seeded in both."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from met_culture.clean.params import CleanParams
from met_culture.common.errors import UserError
from met_culture.common.schemas import SPLITS


def _count(fraction: float, groups: int, largest: int) -> int:
    """Return a fraction of the groups as a number of groups, at least 1 and at most `largest`."""
    return min(max(1, round(fraction * groups)), largest)


def _test_fold(members: list[int], params: CleanParams, fold_of: Mapping[int, int] | None) -> list[int]:
    """Return the members of the test fold, drawn or, with `fold_of`, given."""
    if fold_of is not None:
        return [member for member in members if fold_of[member] == params.fold]
    return np.random.default_rng(params.seed).permutation(members).tolist()[params.fold :: params.folds]


def _draw(members: list[int], params: CleanParams, fold_of: Mapping[int, int] | None) -> dict[str, list[int]]:
    """Return the groups, or paintings, of each split; at least one stays for each split that is drawn later."""
    if params.folds:
        test = _test_fold(members, params, fold_of)
        rest = sorted(set(members) - set(test))
    else:
        test_size = _count(params.test_fraction, len(members), len(members) - 2)
        rest, test = train_test_split(members, test_size=test_size, random_state=params.seed)
    val_size = _count(params.val_fraction, len(members), len(rest) - 1)
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


def _check_rest(label: str, members: list[int], params: CleanParams, fold_of: Mapping[int, int]) -> None:
    rest = len(members) - len(_test_fold(members, params, fold_of))
    if rest < 2:
        raise UserError(
            f"clean.folds_file: {label} has {rest} separate pictures or albums outside fold {params.fold}, and train "
            "and val need one each; fetch more, or remove the label from clean.labels."
        )


def _check_fold(parts: pd.Series, params: CleanParams) -> None:
    tested = int((parts == params.fold).sum())
    if not tested or len(parts) - tested < 2:
        raise UserError(
            f"clean.folds_file: {tested} of the {len(parts)} paintings that are kept are in fold {params.fold}, and "
            "train, val and test need one each; fetch more, or choose another clean.fold."
        )


def _by_group(paintings: pd.DataFrame, params: CleanParams, fold_of: Mapping[int, int] | None) -> pd.Series:
    label_of = _label_of_groups(paintings)
    split_of: dict[int, str] = {}
    for rule in params.labels:
        groups = sorted(label_of.index[label_of == rule.label])
        if fold_of is None:
            _check_count(f"{rule.label} has {len(groups)} separate pictures or albums", len(groups), params)
        else:
            _check_rest(rule.label, groups, params, fold_of)
        for name, members in _draw(groups, params, fold_of).items():
            split_of |= dict.fromkeys(members, name)
    return paintings["group"].map(split_of)


def _shuffled(paintings: pd.DataFrame, params: CleanParams, fold_of: Mapping[int, int] | None) -> pd.Series:
    rows = paintings.index.tolist()
    _check_count(f"only {len(rows)} paintings fit them", len(rows), params)
    split_of = pd.Series("", index=paintings.index)
    for name, members in _draw(rows, params, fold_of).items():
        split_of.loc[members] = name
    advice = "set clean.split to grouped, choose another clean.seed, or fetch more"
    _check_trained(paintings, split_of, params, "clean.split: shuffled", advice)
    return split_of


def _given(paintings: pd.DataFrame, params: CleanParams, parts: pd.Series) -> pd.Series:
    """Check that splits that are given can be used, and return them."""
    for name in SPLITS:
        if not (parts == name).any():
            raise UserError(f"clean.folds_file: no painting that is kept has the split {name}; fetch more.")
    _check_trained(paintings, parts, params, "clean.folds_file", "fetch more, or remove the label from clean.labels")
    return parts


def _check_trained(paintings: pd.DataFrame, split_of: pd.Series, params: CleanParams, cause: str, advice: str) -> None:
    trained = set(paintings["label"][split_of == "train"])
    for rule in params.labels:
        if rule.label not in trained:
            raise UserError(f"{cause} leaves no painting of {rule.label} for training; {advice}.")


def split(paintings: pd.DataFrame, params: CleanParams, parts: pd.Series | None = None) -> pd.Series:
    """Return `train`, `val` or `test` for each painting.

    `grouped` keeps a group together and every label in each split: the fractions apply to the groups of a label, and a
    group with several labels counts for its most frequent one. `shuffled` is the article's split: the fractions apply
    to the paintings, so a group may be in several splits, and a rare label may be missing in val or test. With
    `folds`, test is fold number `fold` of what the fractions apply to: over all folds, every painting is in test once.

    Args:
        paintings: Columns label and group; their order decides a shuffled split.
        params: Seed, kind of split, fractions and labels.
        parts: The fold of each painting, or without `folds` its split, if they are given and not drawn.

    Raises:
        UserError: A label has too few groups, or is not in train; or a split would be empty.
    """
    if parts is not None and not params.folds:
        return _given(paintings, params, parts)
    if parts is not None:
        _check_fold(parts, params)
    if params.split == "shuffled":
        return _shuffled(paintings, params, None if parts is None else dict(zip(paintings.index, parts, strict=True)))
    fold_of = None if parts is None else dict(zip(paintings["group"], parts, strict=True))
    return _by_group(paintings, params, fold_of)
