"""The object records of the Collection API as rows of a table with fixed columns and types.

Source of the fields: https://metmuseum.github.io (GET /objects/{id}).
"""

import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from met_culture.common.errors import UserError
from met_culture.common.record_keys import COLUMNS

MAX_ID = 2**63 - 1  # the largest integer of a 64-bit column
INTEGERS = ("objectID", "objectBeginDate", "objectEndDate")
BOOLEANS = ("isHighlight", "isPublicDomain", "isTimelineWork")
NESTED = ("additionalImages", "constituents", "measurements", "tags")  # lists; kept as JSON text
# A painting is chosen, labelled and found by these: where one is hopeless, so is the record.
DECIDING = {"isPublicDomain", "primaryImage", "primaryImageSmall", "department", "classification", "objectName"}
DECIDING |= {"culture", "country"}
BOOLEAN_TEXTS = {"true": True, "1": True, "false": False, "0": False}
WHOLE = re.compile(r"[+-]?\d{1,19}(\.0{1,9})?", re.ASCII)
# All that str.strip() removes, no-break spaces included, and the blanks without width.
BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + "\u200b\u2060\ufeff"
OUTCOME = pa.schema(
    [
        ("status", pa.string()),  # see `fetch/__main__.py`
        ("reason", pa.string()),
        ("image_file", pa.string()),
        ("image_sha256", pa.string()),
        ("image_bytes", pa.int64()),
        ("image_width", pa.int64()),  # pixels
        ("image_height", pa.int64()),  # pixels
    ]
)


class RecordError(ValueError):
    """A record that does not have the API's shape."""


def _type(column: str) -> pa.DataType:
    if column in INTEGERS:
        return pa.int64()
    return pa.bool_() if column in BOOLEANS else pa.string()


SCHEMA = pa.schema([(column, _type(column)) for column in COLUMNS] + list(OUTCOME))


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode()  # lone surrogates, which JSON can hold and UTF-8 cannot


def _integer(value: Any) -> int | None:  # noqa: ANN401 - what a file holds
    """Return a whole number, also of a float or of text, or None; a table with gaps stores integers as floats."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and WHOLE.fullmatch(value.strip(BLANKS)):
        value = int(value.strip(BLANKS).partition(".")[0])
    return value if isinstance(value, int) and abs(value) <= MAX_ID else None


def _text(value: Any) -> str | None:  # noqa: ANN401 - what a file holds
    """Return text without blanks around it, or None for what is no text, number, date or null."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):  # NaN is the null of tables
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _storable(str(value)).strip(BLANKS)


def _boolean(value: Any) -> bool | None:  # noqa: ANN401 - what a file holds
    """Return a boolean, also of its text or number; False for null, None for anything else."""
    text = _text(str(value) if isinstance(value, bool) else value)
    return False if text == "" else BOOLEAN_TEXTS.get((text or "").casefold())


def _nested(value: Any) -> str | None:  # noqa: ANN401 - what a file holds
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)  # tables store lists as JSON text
    if not value or value != value:  # NaN, the null of tables
        return None
    return _storable(json.dumps(value, ensure_ascii=False, default=str))


def coerce(column: str, value: Any) -> Any:  # noqa: ANN401 - what a file holds
    """Return the value that a column stores for the value of a record.

    Text of digits becomes a number in a column of integers, a number becomes text in a column of text, and blanks
    around text are removed. What cannot be converted becomes null, "" or false.

    Raises:
        RecordError: It cannot be converted, and the column is among `DECIDING`.
    """
    if column in NESTED:
        return _nested(value)
    if column in INTEGERS:
        return _integer(value)
    kind, converted = ("bool", _boolean(value)) if column in BOOLEANS else ("str", _text(value))
    if converted is not None:
        return converted
    if column in DECIDING:
        raise RecordError(f"{column} is {str(value)[:60]!r}, not {kind}")
    return False if kind == "bool" else ""


def to_row(record: Any, object_id: int, columns: Iterable[str] = COLUMNS) -> dict[str, Any]:  # noqa: ANN401 - what JSON holds
    """Return the 57 columns of a record, or some of them, each as `coerce` converts it.

    The up to eight keys that older records lack become "" or null; keys that the API does not document are dropped.

    Args:
        record: The parsed JSON body of `GET /objects/{id}`.
        object_id: The requested id.
        columns: Names of the columns.

    Raises:
        RecordError: The record is no object, belongs to another id, or a field that decides cannot be converted.
    """
    if not isinstance(record, dict):
        raise RecordError("the body is no JSON object")
    answered_id = record.get("objectID")
    if isinstance(answered_id, str | bool) or _integer(answered_id) != object_id:
        raise RecordError(f"the body is the record of {str(answered_id)[:20]}")
    defaults = {"objectBeginDate": 0, "objectEndDate": 0}
    return {column: coerce(column, record.get(column, defaults.get(column))) for column in columns}


def read_objects(path: Path, columns: list[str]) -> pa.Table:
    """Return columns of objects.parquet.

    Raises:
        UserError: The file is missing or damaged, or its columns and types are not those that fetch writes.
    """
    try:
        schema = pq.read_schema(path)
        if not schema.equals(SCHEMA):
            raise UserError(
                f"{path} does not have the columns and types of this version; run `dvc repro --force fetch`."
            )
        return pq.read_table(path, columns=columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} cannot be read ({reason}); run `dvc repro fetch`.") from None
