"""The metrics of clean: how many paintings are kept, in which label and split, and why objects are rejected."""

from typing import Any

import pandas as pd

from met_culture.common.schemas import SPLITS


def count_paintings(paintings: pd.DataFrame, rejected: pd.DataFrame, labels: list[str]) -> dict[str, Any]:
    """Return the number of paintings per label and split, of groups, and of rejections by kind."""
    per_split = pd.crosstab(paintings["label"], paintings["split"]).reindex(index=labels, columns=SPLITS, fill_value=0)
    group_sizes = paintings["group"].value_counts()
    per_label = {}
    for label, counts in per_split.iterrows():
        per_label[label] = {"paintings": int(counts.sum())} | counts.to_dict()
    return {
        "paintings": len(paintings),
        "groups": len(group_sizes),
        "paintings_in_shared_groups": int(group_sizes[group_sizes > 1].sum()),
        "splits": paintings["split"].value_counts().reindex(SPLITS).to_dict(),
        "labels": per_label,
        "rejected": rejected["kind"].value_counts().sort_index().to_dict(),
    }
