"""Files of a run, damaged in many ways: a reader returns what they hold, or names the file in one sentence."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import EXAMPLES, damaged, run
from hypothesis import given

from met_culture.clean.tables import read_paintings
from met_culture.common.csv_files import read_table
from met_culture.common.errors import UserError
from met_culture.common.files import read_json
from met_culture.common.schemas import HISTORY, PAINTINGS, Labels, Meta, Source
from met_culture.evaluate.predictions import read_predictions
from met_culture.preprocess.array_file import read_classes, read_images

LABELS = ["China", "1700"]
META = {"source": "synthetic sample", "labels": LABELS, "image_size": 8, "fit": "squash", "interpolation": "area"}


def table(columns: list[str], rows: int = 6) -> bytes:
    lines = [",".join(columns)]
    for number in range(rows):
        texts = {"label": LABELS[number % 2], "predicted": LABELS[0], "split": ("train", "val", "test")[number % 3]}
        cells = [texts.get(column, str(number)) for column in columns]
        lines.append(",".join(cells))
    return ("\n".join(lines) + "\n").encode()


def array(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


Reader = Callable[[Path], Any]
FILES: dict[str, tuple[bytes, Reader]] = {
    "paintings.csv": (table(list(PAINTINGS)), lambda path: read_paintings(path, LABELS)),
    "predictions.csv": (
        table(["objectID", "group", "title", "label", "predicted", "p_China", "p_1700"]),
        lambda path: read_predictions(path, LABELS),
    ),
    "training.csv": (table(list(HISTORY)), lambda path: read_table(path, HISTORY, "dvc repro train")),
    "source.json": (b'{"source": "synthetic sample"}', lambda path: read_json(path, Source)),
    "labels.json": (json.dumps({"source": "x", "labels": LABELS}).encode(), lambda path: read_json(path, Labels)),
    "meta.json": (json.dumps(META).encode(), lambda path: read_json(path, Meta)),
    "test_x.npy": (array(np.zeros((3, 8, 8, 3), np.uint8)), lambda path: read_images(path, 8)[:1]),
    "test_y.npy": (array(np.array([0, 1, 1])), lambda path: read_classes(path, 3, 2)),
}


@pytest.mark.parametrize("name", FILES)
@EXAMPLES
def test_a_file_is_read_or_named(examples: int, name: str, tmp_path: Path) -> None:
    whole, read = FILES[name]
    path = tmp_path / name

    @given(damaged([whole]))
    def check(data: bytes) -> None:
        path.write_bytes(data)
        try:
            read(path)
        except UserError as error:
            assert name in str(error)
            assert "dvc repro" in str(error)
            assert "\n" not in str(error)

    run(check, 40 * examples)


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("predictions")])
def test_the_files_that_are_damaged_are_whole(name: str, tmp_path: Path) -> None:
    whole, read = FILES[name]
    (tmp_path / name).write_bytes(whole)
    read(tmp_path / name)
