"""Records of any shape: the answer is a row that the table takes, or the reason why it is malformed."""

from typing import Any

import pyarrow as pa
from fuzzing import EXAMPLES, run
from hypothesis import given
from hypothesis import strategies as st
from support import record

from met_culture.common.record_keys import COLUMNS
from met_culture.fetch.records import SCHEMA, RecordError, to_row

TEXT = st.one_of(st.text(max_size=20), st.sampled_from(["\ud800", "\0", " Japan\u00a0", "1700", "1e400", "NaN"]))
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**63) - 1, 10**400]))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
)


def answer(value: Any) -> dict[str, Any] | None:
    """Return the row of a record, None for one that is malformed."""
    try:
        row = to_row(value, 5)
    except RecordError as error:
        assert str(error)
        return None
    pa.Table.from_pylist([row], schema=SCHEMA)
    return row


@EXAMPLES
def test_odd_fields(examples: int) -> None:
    @given(st.dictionaries(st.sampled_from(COLUMNS), JSON, max_size=4))
    def check(fields: dict[str, Any]) -> None:
        row = answer(record(5) | fields)
        assert row is None or row["objectID"] == 5

    run(check, 300 * examples)


@EXAMPLES
def test_anything_else(examples: int) -> None:
    run(given(JSON)(answer), 300 * examples)
