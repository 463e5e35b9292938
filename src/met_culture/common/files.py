"""Read and write small files; a write is atomic: afterwards the file is complete, or unchanged.

Every fault of a file that is read is one sentence with its name and the command that rebuilds it.
"""

import json
import math
import os
import re
import threading
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from pydantic import ValidationError

from met_culture.common.errors import UserError
from met_culture.common.schemas import Schema

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")  # how a cell starts that a spreadsheet takes for a formula
CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |\r?$)", re.MULTILINE)  # how the lines of Git's markers start


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


def escape_formula(text: str) -> str:
    """Return a cell's text with a leading apostrophe if a spreadsheet would run it as a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def damaged(name: object, reason: object, rebuild: str) -> UserError:
    """Return the error of a file that cannot be used.

    Args:
        name: Path of the file, or what Git calls it.
        reason: Why, in some words.
        rebuild: Command that writes the file anew.
    """
    words = " ".join(str(reason).split())[:200].rstrip(".")
    return UserError(f"{name} is damaged ({words}); run `{rebuild}`.")


def read_text(path: Path, rebuild: str) -> str:
    """Return the text of a file of a run.

    Raises:
        UserError: It is missing, empty, not UTF-8, or holds a conflict of Git.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise UserError(f"{path} is missing; run `{rebuild}`.") from None
    except UnicodeDecodeError as error:
        raise damaged(path, error, rebuild) from None
    check_text(path, text, rebuild)
    return text


def check_text(name: object, text: str, rebuild: str) -> None:
    """Raise a `UserError` for a text that is empty, or that holds a conflict of Git."""
    if not text.strip():
        raise damaged(name, "it is empty", rebuild)
    if CONFLICT.search(text):
        raise damaged(name, "it holds a conflict of Git", rebuild)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def parse_json(name: object, text: str, schema: type[Schema] | None, rebuild: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the content of a JSON text.

    Args:
        name: What errors call it.
        text: The text.
        schema: What it must hold; None for any JSON.
        rebuild: Command that writes it anew.

    Raises:
        UserError: It is not JSON, or does not hold what `schema` says.
    """
    check_text(name, text, rebuild)
    try:
        content = json.loads(text, parse_constant=_refuse)
        if schema:
            schema.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise damaged(name, f"{key or 'content'}: {fault['msg'].lower()}", rebuild) from None
    except (ValueError, RecursionError) as error:
        raise damaged(name, error, rebuild) from None
    return content


def read_json(path: Path, schema: type[Schema] | None = None, rebuild: str = "dvc repro") -> Any:  # noqa: ANN401
    """Return the content of a JSON file; arguments and errors as for `parse_json`."""
    return parse_json(path, read_text(path, rebuild), schema, rebuild)


def is_number(value: object) -> bool:
    """Return whether a metric is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
