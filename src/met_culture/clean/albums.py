"""Keys that paintings share if they are leaves of one album or parts of one work, as their records say."""

import re

import pandas as pd

from met_culture.clean.params import CleanParams

LONGEST = 2_000  # characters of a text that a rule sees: some expressions take quadratic time
LONGEST_NUMBER = 200  # the same for accession numbers


def album(accession_number: str, pattern: str) -> str:
    """Return the part of an accession number that several works may share; "" for a single work."""
    match = re.fullmatch(pattern, accession_number[:LONGEST_NUMBER])
    parts = match.groups() if match else ()
    for part in parts:
        if part:
            return part
    return ""


def _albums(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    return paintings["accessionNumber"].map(lambda number: album(number, params.album))


def leaf_keys(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    """Return a key that the leaves of one album share, whoever painted them; "" for what is no leaf."""
    leaf = re.compile(params.leaf)
    is_leaf = pd.Series(False, index=paintings.index)
    for column in ("objectName", "medium"):
        is_leaf |= paintings[column].map(lambda text: leaf.search(str(text)[:LONGEST]) is not None).astype(bool)
    return _albums(paintings, params).where(is_leaf, "")


def maker_keys(paintings: pd.DataFrame, params: CleanParams) -> pd.Series:
    """Return a key that works of one artist share within one accession number, such as the two scrolls of a pair.

    The number alone is not enough: a collection of scrolls by many painters may have one number, too.
    """
    albums = _albums(paintings, params)
    return (albums + "\n" + paintings["artistDisplayName"].astype(str)).where(albums != "", "")


def series_keys(paintings: pd.DataFrame) -> pd.Series:
    """Return a key that the parts of one work share: title, artist and accession number without its last part."""
    stem = paintings["accessionNumber"].str.rpartition(".")[0]
    key = paintings["title"].str.casefold() + "\n" + paintings["artistDisplayName"] + "\n" + stem
    return key.where((paintings["title"] != "") & (stem != ""), "")
