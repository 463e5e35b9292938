"""What there is to see in fetched objects before anything is learned from them: counts, shares, sizes and dates."""

import re

import numpy as np
import pandas as pd

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.records import INTEGERS

EMPTY = "(empty)"
# The part before a hyphen is the family: Metal-Ornaments, Ceramics-Porcelain. What that does not join:
ALIASES = {"Metal": "Metalwork", "Wood": "Woodwork", "Sculpture": "Sculptures", "Painting": "Paintings"}
KINDS = {"paintings": "painting", "drawings": "drawing", "sculptures": "sculpture"}
# "11 x 7 in. (28 x 18 cm)": height before width.
CENTIMETRES = re.compile(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)[^()]*?cm\b")


def filled(objects: pd.DataFrame) -> pd.Series:
    """Return the share of objects in which each of the 57 columns says something, the fullest first.

    A number counts as empty when it is 0, as the API gives for unknown years; a yes or no always says something.
    """
    shares = {}
    for column in COLUMNS:
        values = objects[column]
        said = values.notna() & (values != (0 if column in INTEGERS else ""))
        shares[column] = float(said.mean()) if len(values) else 0.0
    return pd.Series(shares).sort_values(ascending=False, kind="stable")


def families(classifications: pd.Series) -> pd.Series:
    """Return classifications with their aliases joined: Metalwork, Metal and Metal-Ornaments are one."""
    heads = classifications.fillna("").str.split("-").str[0].str.strip()
    return heads.replace(ALIASES).replace("", EMPTY)


def top(values: pd.Series, count: int) -> pd.Series:
    """Return how often the most frequent values occur, and all others together under their number."""
    counts = values.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) <= count:
        return counts
    rest = counts.iloc[count:]
    return pd.concat([counts.iloc[:count], pd.Series({f"{len(rest):,} others": int(rest.sum())})])


def kinds(objects: pd.DataFrame) -> pd.Series:
    """Return how many objects are paintings, drawings and sculptures by classification or name, and the others."""
    text = (objects["classification"].fillna("") + " " + objects["objectName"].fillna("")).str.lower()
    found = pd.Series("others", index=objects.index)
    for kind, word in reversed(KINDS.items()):  # the first in the list decides
        found[text.str.contains(word, regex=False)] = kind
    return found.value_counts().reindex([*KINDS, "others"], fill_value=0)


def cultures(objects: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return `works` and `paintings` of the cultures with the most works; every India is one, as in the article."""
    culture = objects["culture"].fillna("").replace("", EMPTY)
    culture = culture.where(~culture.str.contains(r"\bIndia\b"), "India (all)")
    text = (objects["classification"].fillna("") + " " + objects["objectName"].fillna("")).str.lower()
    painting = text.str.contains("painting", regex=False)
    works = top(culture, count)
    paintings = culture[painting].value_counts().reindex(works.index, fill_value=0)
    if works.index[-1].endswith(" others"):
        paintings.iloc[-1] = int(painting.sum() - paintings.iloc[:-1].sum())
    return pd.DataFrame({"works": works, "paintings": paintings})


def heights(dimensions: pd.Series) -> pd.Series:
    """Return the height in centimetres that a description of dimensions gives first; missing where it gives none."""
    found = dimensions.fillna("").map(CENTIMETRES.search)
    return found.map(lambda match: float(match[1]) if match else np.nan).astype(float)


def shapes(objects: pd.DataFrame, paintings: pd.DataFrame) -> pd.DataFrame:
    """Return label, aspect (width by height), height_cm and year (middle of the dates) of every painting."""
    about = objects.set_index("objectID").loc[paintings["objectID"]]
    begin, end = about["objectBeginDate"].to_numpy(), about["objectEndDate"].to_numpy()
    known = (begin != 0) | (end != 0)
    return pd.DataFrame(
        {
            "label": paintings["label"].to_numpy(),
            "aspect": (paintings["image_width"] / paintings["image_height"]).to_numpy(),
            "height_cm": heights(about["dimensions"]).to_numpy(),
            "year": np.where(known, (begin + end) / 2, np.nan),
        }
    )


def duplicates(paintings: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the groups of more than one painting, the largest first."""
    groups = [members for _, members in paintings.groupby("group", sort=True) if len(members) > 1]
    return sorted(groups, key=len, reverse=True)
