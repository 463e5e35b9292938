"""Read and write small files. A write is atomic: afterwards the file is complete or unchanged."""

import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FORMULA = re.compile(r"\s*[=+\-@]|[\t\r]")  # start of a cell that a spreadsheet would read as a formula


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to a temporary file beside `path` and rename it, so that a killed process leaves no partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name contains process and thread, because parallel experiments share the scratch folder.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)  # on a full disk it would take space that the next attempt needs
        if isinstance(error, OSError) and not error.filename:  # the error of a full disk names no file
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _plain(value: Any) -> Any:  # noqa: ANN401 - json.dumps passes any object
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write indented JSON; keys keep their order, so equal content gives equal bytes."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    write_bytes(path, (text + "\n").encode())


def write_csv(path: Path, table: pd.DataFrame, float_format: str | None = None) -> None:
    """Write a table as CSV, each row on one line; equal content gives equal bytes."""
    text = table.select_dtypes(include=["object", "string"]).columns
    # pandas does not quote a lone carriage return, and readers would end the row there.
    one_line = table.assign(**{name: table[name].replace(r"[\r\n]+", " ", regex=True) for name in text})
    write_bytes(path, one_line.to_csv(index=False, float_format=float_format, lineterminator="\n").encode())


def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def escape_formula(text: str) -> str:
    """Return a cell's text with a leading apostrophe if a spreadsheet would run it as a formula."""
    return f"'{text}" if FORMULA.match(text) else text
