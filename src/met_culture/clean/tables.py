"""The tables of clean: names of the splits, and text that spreadsheets leave alone."""

import pandas as pd

SPLITS = ("train", "val", "test")


def spreadsheet_safe(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text that a spreadsheet would run as a formula made plain by a leading apostrophe."""
    text = table.select_dtypes(include=["object", "string"]).astype(str)
    return table.assign(**{column: text[column].str.replace(r"^\s*([=+\-@])", r"'\1", regex=True) for column in text})
