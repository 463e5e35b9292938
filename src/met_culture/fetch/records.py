"""The object records of the Collection API as rows of a table with fixed columns and types.

Source of the fields: https://metmuseum.github.io (GET /objects/{id}).
"""

import json
from typing import Any

import pyarrow as pa

from met_culture.common.record_keys import COLUMNS

MAX_ID = 2**63 - 1  # the largest integer of a 64-bit column
INTEGERS = ("objectID", "objectBeginDate", "objectEndDate")
BOOLEANS = ("isHighlight", "isPublicDomain", "isTimelineWork")
NESTED = ("additionalImages", "constituents", "measurements", "tags")  # lists; kept as JSON text
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


def _python_type(column: str) -> type:
    if column in INTEGERS:
        return int
    return bool if column in BOOLEANS else str


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode()  # lone surrogates, which JSON can hold and UTF-8 cannot


def _value(column: str, value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if column in NESTED:
        return _storable(json.dumps(value, ensure_ascii=False)) if value else None
    expected = _python_type(column)
    if value is None and expected is not int:
        return expected()
    # type() and not isinstance, because a bool is an int.
    if type(value) is not expected:
        raise RecordError(f"{column} is {str(value)[:60]!r}, not {expected.__name__}")
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, int) and abs(value) > MAX_ID:
        raise RecordError(f"{column} has more than 64 bits")
    return value


def to_row(record: Any, object_id: int) -> dict[str, Any]:  # noqa: ANN401 - what JSON holds
    """Return the 57 columns of a record.

    The up to eight keys that older records lack become "" or null; keys that the API does not document are dropped.

    Args:
        record: The parsed JSON body of `GET /objects/{id}`.
        object_id: The requested id.

    Raises:
        RecordError: The record is not a JSON object, has another id, or has a value of the wrong type.
    """
    if not isinstance(record, dict):
        raise RecordError("the body is no JSON object")
    if record.get("objectID") != object_id:
        raise RecordError(f"the body is the record of {str(record.get('objectID'))[:20]}")
    defaults = {"objectBeginDate": 0, "objectEndDate": 0}
    return {column: _value(column, record.get(column, defaults.get(column))) for column in COLUMNS}
