import time

import numpy as np
import pandas as pd
import pytest
from support import record

from met_culture.common.record_keys import COLUMNS
from met_culture.explore import statistics
from met_culture.fetch.records import to_row


def objects(*records: dict) -> pd.DataFrame:
    rows = [to_row(record(number) | fields, number) for number, fields in enumerate(records, 1)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_how_filled_every_column_is() -> None:
    table = objects(
        {"culture": "China", "objectBeginDate": 0, "tags": []}, {"culture": "", "objectBeginDate": 1600, "tags": ["x"]}
    )
    filled = statistics.filled(table)
    assert len(filled) == 57
    assert filled["culture"] == filled["objectBeginDate"] == filled["tags"] == 0.5
    assert filled["isHighlight"] == filled["objectID"] == 1
    assert filled.is_monotonic_decreasing


def test_aliases_are_joined() -> None:
    names = pd.Series(["Metalwork", "Metal", "Metal-Ornaments", "Ceramics-Porcelain", "", None, "Paintings"])
    assert statistics.families(names).tolist() == ["Metalwork"] * 3 + ["Ceramics", "(empty)", "(empty)", "Paintings"]


def test_the_most_frequent_and_the_rest() -> None:
    values = pd.Series(list("aaabbcd"))
    assert statistics.top(values, 2).to_dict() == {"a": 3, "b": 2, "2 others": 2}
    assert statistics.top(values, 4).to_dict() == {"a": 3, "b": 2, "c": 1, "d": 1}
    assert statistics.top(values, 2).sum() == len(values)


def test_kinds_by_classification_or_name() -> None:
    table = objects(
        {"classification": "Paintings", "objectName": "Hanging scroll"},
        {"classification": "", "objectName": "Painting"},
        {"classification": "Drawings", "objectName": "Drawing"},
        {"classification": "Stone Sculpture", "objectName": "Head"},
        {"classification": "Jade", "objectName": "Vase"},
    )
    assert statistics.kinds(table).to_dict() == {"paintings": 2, "drawings": 1, "sculptures": 1, "others": 1}
    unknown = pd.DataFrame({"classification": [None], "objectName": [None]})
    assert statistics.kinds(pd.concat([table, unknown]).reset_index())["(empty)"] == 1


def test_every_india_is_one_culture_and_the_rest_holds_its_paintings() -> None:
    painted = {"classification": "Paintings", "objectName": ""}
    other = {"classification": "Jade", "objectName": ""}
    table = objects(
        painted | {"culture": "India (Deccan)"},
        painted | {"culture": "Western India, Gujarat"},
        other | {"culture": "China"},
        painted | {"culture": "Korea"},
        other | {"culture": "Tibet"},
        painted | {"culture": "Indian Ocean"},
    )
    counted = statistics.cultures(table, 1)
    assert counted["works"].to_dict() == {"India (all)": 2, "4 others": 4}
    assert counted["paintings"].to_dict() == {"India (all)": 2, "4 others": 2}


def test_paintings_by_the_article_s_rule_beside_those_of_clean() -> None:
    table = objects(
        {"classification": "Paintings", "culture": "India (Deccan)"},
        {"classification": "Paintings", "culture": "India (Deccan)"},
        {"classification": "Paintings", "culture": "India (Punjab Hills)"},
        {"classification": "", "culture": "American"},
        {"classification": "Jade", "culture": "China"},
        {"classification": "Paintings", "culture": ""},
    )
    counted = statistics.painting_cultures(table, pd.Series([1, 3, 4]), 2)
    assert counted.columns.tolist() == ["classified as Paintings", "kept by clean"]
    assert counted.index.tolist() == ["India (Deccan)", "(empty)", "2 others"]
    assert counted.to_numpy().tolist() == [[2, 1], [1, 0], [1, 2]]


@pytest.mark.parametrize(
    ("text", "height"),
    [
        ("11 x 7 in. (28 x 18.5 cm)", 28),
        ("Image: 45 1/2 × 20 in. (115.6 × 50.8 cm); Overall: 80 x 30 cm", 115.6),
        ("Diam. 9 in. (22.9 cm)", np.nan),
        ("", np.nan),
        (None, np.nan),
    ],
)
def test_the_height_in_centimetres(text: str | None, height: float) -> None:
    assert statistics.heights(pd.Series([text]))[0] == pytest.approx(height, nan_ok=True)


def test_shapes_of_the_paintings() -> None:
    table = objects({"objectBeginDate": 1600, "objectEndDate": 1620}, {"objectBeginDate": 0, "objectEndDate": 0})
    paintings = pd.DataFrame(
        {"objectID": [2, 1], "label": ["Japan", "China"], "image_width": [300, 100], "image_height": [100, 200]}
    )
    shapes = statistics.shapes(table, paintings)
    assert shapes["aspect"].tolist() == [3, 0.5]
    assert shapes["year"].tolist() == pytest.approx([np.nan, 1610], nan_ok=True)


def test_groups_of_more_than_one_the_largest_first() -> None:
    paintings = pd.DataFrame({"objectID": range(6), "group": [1, 2, 2, 3, 3, 3]})
    assert [members["group"].iloc[0] for members in statistics.duplicates(paintings)] == [3, 2]


def test_hostile_dimensions_take_no_quadratic_time() -> None:
    start = time.process_time()
    texts = ["1x1" * 8000, "9" * 16_000, f"{'9' * 400} x 2 cm", "1 x 2 in. (28 x 18 cm)"]
    assert statistics.heights(pd.Series(texts)).fillna(0).tolist() == [0, 0, 0, 28]
    assert time.process_time() - start < 1
