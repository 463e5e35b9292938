import csv
import io
import json

import numpy as np
import pytest

from met_culture.predict.outputs import Prediction, Writer

LABELS = ("China", "Japan", "America")
PROBABILITIES = np.array([0.2, 0.7, 0.1])


def written(form: str, *names: str, top: int | None = None, threshold: float = 0) -> str:
    out = io.StringIO()
    writer = Writer(form, LABELS, top, threshold, out)
    for name in names:
        writer.write(Prediction(name, PROBABILITIES))
    return out.getvalue()


def test_table() -> None:
    assert written("table", "a.jpg") == "Japan      China 0.200  Japan 0.700  America 0.100  a.jpg\n"


def test_the_highest_first() -> None:
    assert written("table", "a.jpg", top=2) == "Japan      Japan 0.700  China 0.200  a.jpg\n"


@pytest.mark.parametrize(("threshold", "unsure"), [(0.7, False), (0.71, True)])
def test_below_the_threshold_it_is_unsure(threshold: float, unsure: bool) -> None:
    assert written("table", "a.jpg", threshold=threshold).startswith("unsure" if unsure else "Japan")
    assert ",unsure," in written("csv", "a.jpg", threshold=threshold) or not unsure
    answer = json.loads(written("json", "a.jpg", threshold=threshold))
    assert (answer["label"], answer["unsure"]) == ("Japan", unsure)


def test_json_is_an_object_a_line() -> None:
    lines = [json.loads(line) for line in written("json", "a.jpg", "b\n.jpg").splitlines()]
    assert [line["image"] for line in lines] == ["a.jpg", "b\n.jpg"]
    assert lines[0]["probabilities"] == dict(zip(LABELS, PROBABILITIES, strict=True))


def test_csv_is_read_again_and_holds_no_formula() -> None:
    names = ["a,b.jpg", "=1+1.jpg", "@x.jpg", 'say "x".jpg']
    rows = list(csv.DictReader(io.StringIO(written("csv", *names))))
    assert [row["image"] for row in rows] == ["a,b.jpg", "'=1+1.jpg", "'@x.jpg", 'say "x".jpg']
    assert rows[0] | {"image": ""} == {
        "image": "", "label": "Japan", "p_China": "0.200000", "p_Japan": "0.700000", "p_America": "0.100000"
    }  # fmt: skip


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_names_and_labels_are_text_on_one_line(form: str) -> None:
    out = io.StringIO()
    labels = ("=cmd|x", "\x1b[31m\nJapan", "caf\udce9\x7f")
    Writer(form, labels, None, 0, out).write(Prediction("\x1b[2J\nb\udce9\x7f.jpg", PROBABILITIES))
    out.getvalue().encode()
    assert len(out.getvalue().splitlines()) == (2 if form == "csv" else 1)
    assert out.getvalue().replace("\n", "").replace("\r", "").isprintable()


def test_a_label_is_no_formula_in_csv() -> None:
    out = io.StringIO()
    Writer("csv", ("+x", "=cmd|x", "-y"), None, 0, out).write(Prediction("a.jpg", PROBABILITIES))
    header, row = csv.reader(io.StringIO(out.getvalue()))
    assert header == ["image", "label", "p_+x", "p_=cmd|x", "p_-y"]
    assert row[:2] == ["a.jpg", "'=cmd|x"]


def test_csv_keeps_its_columns_with_fewer_labels() -> None:
    (row,) = csv.DictReader(io.StringIO(written("csv", "a.jpg", top=1)))
    assert (row["p_China"], row["p_Japan"]) == ("", "0.700000")


def test_a_name_cannot_steer_the_terminal() -> None:
    assert written("table", "\x1b[31mred\n.jpg").endswith(r"  \x1b[31mred\n.jpg" + "\n")
