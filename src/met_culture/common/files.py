"""Write small files so that they are whole or not there."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` by way of a neighbour, so that a killed process leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Named for its writer, as experiments that run side by side share the scratch folder.
    half = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        half.write_bytes(data)
        half.replace(path)
    except BaseException as error:
        half.unlink(missing_ok=True)  # on a full disk it would take the room of what is retried
        if isinstance(error, OSError) and not error.filename:  # a full disk does not say where
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _plain(value: Any) -> Any:  # noqa: ANN401 - what json.dumps asks about
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - what JSON holds
    """Write `content` as indented JSON; the order of keys is kept, so equal content is equal bytes."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    write_bytes(path, (text + "\n").encode())


def write_csv(path: Path, table: pd.DataFrame, float_format: str | None = None) -> None:
    """Write a table as CSV, whole or not at all, each row on one line; equal content is equal bytes."""
    text = table.select_dtypes(include=["object", "string"]).columns
    # A lone carriage return would not be quoted, and readers end the row there.
    one_line = table.assign(**{name: table[name].replace(r"[\r\n]+", " ", regex=True) for name in text})
    write_bytes(path, one_line.to_csv(index=False, float_format=float_format, lineterminator="\n").encode())


def read_json(path: Path) -> Any:  # noqa: ANN401 - what JSON holds
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
