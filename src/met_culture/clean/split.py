"""Split paintings into train, val and test: stratified by label, seeded, and never through a group."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from met_culture.clean.params import CleanParams
from met_culture.clean.tables import SPLITS
from met_culture.common.errors import UserError


def _parts(groups: list[int], params: CleanParams) -> dict[str, list[int]]:
    def count(fraction: float, most: int) -> int:
        return min(max(1, round(fraction * len(groups))), most)

    # At least one group stays for each split that is drawn later.
    if params.folds:
        test = np.random.default_rng(params.seed).permutation(groups).tolist()[params.fold :: params.folds]
        rest = sorted(set(groups) - set(test))
    else:
        test_size = count(params.test_fraction, len(groups) - 2)
        rest, test = train_test_split(groups, test_size=test_size, random_state=params.seed)
    val_size = count(params.val_fraction, len(rest) - 1)
    train, val = train_test_split(rest, test_size=val_size, random_state=params.seed)
    return dict(zip(SPLITS, (train, val, test), strict=True))


def split(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    """Return `train`, `val` or `test` for each painting; every label has a group in each.

    The fractions hold for the groups of a label. A group with several labels goes with its most frequent one. With
    `folds`, test is fold number `fold` of the groups of a label: over all folds, every painting is in test once.

    Args:
        paintings: Columns label and group.
        params: Seed, fractions and labels.

    Raises:
        UserError: A label has fewer than three groups, or fewer than folds.
    """
    counts = paintings.groupby(["group", "label"], as_index=False).size()
    counts = counts.sort_values(["size", "label"], ascending=[False, True])
    label_of = counts.drop_duplicates("group").set_index("group")["label"]
    split_of: dict[int, str] = {}
    for label in (rule.label for rule in params.labels):
        groups = sorted(label_of.index[label_of == label])
        if len(groups) < max(len(SPLITS), params.folds or 0):
            needed = f"clean.folds are {params.folds}" if params.folds else "train, val and test need one each"
            raise UserError(
                f"clean.labels: {label} has {len(groups)} separate pictures or albums, and {needed}; fetch more, "
                "mend its rule, or remove the label (rejected.csv says what was left out)."
            )
        for name, members in _parts(groups, params).items():
            split_of |= dict.fromkeys(members, name)
    return paintings["group"].map(split_of)
