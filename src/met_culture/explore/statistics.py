"""Statistics of the fetched objects before any training: counts, fractions, sizes and dates."""

import re

import numpy as np
import pandas as pd

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.records import INTEGERS

EMPTY = "(empty)"
# The part before a hyphen names the family: Metal-Ornaments, Ceramics-Porcelain. These aliases join the other names:
ALIASES = {"Metal": "Metalwork", "Wood": "Woodwork", "Sculpture": "Sculptures", "Painting": "Paintings"}
KINDS = {"paintings": "painting", "drawings": "drawing", "sculptures": "sculpture"}
# "11 x 7 in. (28 x 18 cm)": height before width.
LONGEST_DIMENSIONS = 1_000  # characters that are searched, as the expression takes quadratic time
TALLEST = 100_000  # cm; a larger number is a slip
CENTIMETRES = re.compile(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)[^()]*?cm\b")


def filled(objects: pd.DataFrame) -> pd.Series:
    """Return the fraction of objects with a value in each of the 57 columns, the fullest column first.

    A number 0 counts as empty, because the API gives 0 for unknown years; true and false both count as values.
    """
    fractions = {}
    for column in COLUMNS:
        values = objects[column]
        empty = 0 if column in INTEGERS else ""
        has_value = values.notna() & (values != empty)
        fractions[column] = float(has_value.mean()) if len(values) else 0.0
    return pd.Series(fractions).sort_values(ascending=False, kind="stable")


def families(classifications: pd.Series) -> pd.Series:
    """Return classifications with their aliases joined: Metalwork, Metal and Metal-Ornaments are one."""
    heads = classifications.fillna("").str.split("-").str[0].str.strip()
    return heads.replace(ALIASES).replace("", EMPTY)


def media(values: pd.Series) -> pd.Series:
    """Return media in lower case, and `EMPTY` where there is none."""
    return values.fillna("").str.lower().replace("", EMPTY)


def top(values: pd.Series, count: int) -> pd.Series:
    """Return how often the `count` most frequent values occur; one last row sums up the others."""
    counts = values.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) <= count:
        return counts
    rest = counts.iloc[count:]
    return pd.concat([counts.iloc[:count], pd.Series({f"{len(rest):,} others": int(rest.sum())})])


def _described(objects: pd.DataFrame) -> pd.Series:
    """Return classification and name of each object in lower case."""
    return (objects["classification"].fillna("") + " " + objects["objectName"].fillna("")).str.lower()


def kinds(objects: pd.DataFrame) -> pd.Series:
    """Return how many objects are paintings, drawings and sculptures by classification or name, and the others.

    One more row counts the objects that have neither, if there are any.
    """
    description = _described(objects)
    kind_of = pd.Series("others", index=objects.index)
    for kind, word in reversed(KINDS.items()):  # the first kind in the list replaces the later ones
        kind_of[description.str.contains(word, regex=False)] = kind
    kind_of[description.str.strip() == ""] = EMPTY
    counts = kind_of.value_counts()
    names = [*KINDS, "others", EMPTY] if EMPTY in counts else [*KINDS, "others"]
    return counts.reindex(names, fill_value=0)


def cultures(objects: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return `works` and `paintings` of the most frequent cultures; all names of India are one, as in the article."""
    culture = objects["culture"].fillna("").replace("", EMPTY)
    culture = culture.where(~culture.str.contains(r"\bIndia\b"), "India (all)")
    is_painting = _described(objects).str.contains("painting", regex=False)
    works = top(culture, count)
    paintings = culture[is_painting].value_counts().reindex(works.index, fill_value=0)
    if works.index[-1].endswith(" others"):
        paintings.iloc[-1] = int(is_painting.sum() - paintings.iloc[:-1].sum())
    return pd.DataFrame({"works": works, "paintings": paintings})


def painting_cultures(objects: pd.DataFrame, kept: pd.Series, count: int) -> pd.DataFrame:
    """Return how many works of each culture are paintings, by the article's rule and by that of clean.

    Args:
        objects: The fetched objects; cultures are counted as the records name them, like in the article.
        kept: objectIDs of the paintings that clean kept.
        count: Number of cultures; the others are one more row.

    Returns:
        Columns `classified as Paintings` (the article's rule) and `kept by clean`, the most frequent culture first.
    """
    culture = objects["culture"].fillna("").replace("", EMPTY)
    classified, is_kept = objects["classification"] == "Paintings", objects["objectID"].isin(kept)
    order = top(culture[classified | is_kept], count)
    columns = {}
    for name, chosen in (("classified as Paintings", classified), ("kept by clean", is_kept)):
        counts = culture[chosen].value_counts().reindex(order.index, fill_value=0)
        if len(order) > count:
            counts.iloc[-1] = int(chosen.sum() - counts.iloc[:-1].sum())
        columns[name] = counts
    return pd.DataFrame(columns)


def heights(dimensions: pd.Series) -> pd.Series:
    """Return the first height in centimetres in each description of dimensions; missing where there is none."""
    matches = dimensions.fillna("").str.slice(stop=LONGEST_DIMENSIONS).map(CENTIMETRES.search)
    values = matches.map(lambda match: float(match[1]) if match else np.nan).astype(float)
    return values.where(values <= TALLEST)


def shapes(objects: pd.DataFrame, paintings: pd.DataFrame) -> pd.DataFrame:
    """Return label, aspect (width by height), height_cm and year (middle of the dates) of every painting."""
    records = objects.set_index("objectID").loc[paintings["objectID"]]
    begin, end = records["objectBeginDate"].to_numpy(), records["objectEndDate"].to_numpy()
    known = (begin != 0) | (end != 0)
    return pd.DataFrame(
        {
            "label": paintings["label"].to_numpy(),
            "aspect": (paintings["image_width"] / paintings["image_height"]).to_numpy(),
            "height_cm": heights(records["dimensions"]).to_numpy(),
            "year": np.where(known, (begin + end) / 2, np.nan),
        }
    )


def duplicates(paintings: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the groups of more than one painting, the largest first."""
    groups = [members for _, members in paintings.groupby("group", sort=True) if len(members) > 1]
    return sorted(groups, key=len, reverse=True)
