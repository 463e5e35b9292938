"""params.yaml with odd values, keys and lines: the answer is a checked file or one sentence that names it."""

from pathlib import Path

import yaml
from fuzzing import EXAMPLES, run
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from met_culture.common.errors import UserError
from met_culture.params import check_all

TEXT = (ROOT / "params.yaml").read_text()
LINES = TEXT.splitlines(keepends=True)
CONTENT = yaml.safe_load(TEXT)
ODD_YAML = ["", "~", "*a", "&a [1, 2]", "<<: *a", "!!python/object:os.system", "'", "?", "- -", "%", "{", "[", "\x07"]
ODD_NUMBERS = ["1e400", ".nan", "-.inf", "0x7f", "1:30", "99999999999999999999", "-1", "2026-02-30"]
ODD_PATTERNS = ["(", "a{9999999999}", "(a+)+", "(?P<x>", "\u2028", "\\N{X}"]
ODD_TEXT = st.sampled_from([*ODD_YAML, *ODD_NUMBERS, *ODD_PATTERNS])
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([2**70, -1, 0]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20), ODD_TEXT)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3))


def answer(path: Path) -> None:
    """Check the file; a wrong one gets one sentence."""
    try:
        check_all(path)
    except UserError as error:
        assert "params.yaml" in str(error) or str(error).startswith("fetch.source")
        assert "\n" not in str(error)


@EXAMPLES
def test_odd_values(examples: int, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    keys = [(section, key) for section, values in CONTENT.items() for key in values]

    @given(st.sampled_from(keys), VALUES)
    def check(key: tuple[str, str], value: object) -> None:
        content = {section: dict(values) for section, values in CONTENT.items()}
        content[key[0]][key[1]] = value
        path.write_text(yaml.safe_dump(content, allow_unicode=True))
        answer(path)

    run(check, 100 * examples)


@EXAMPLES
def test_odd_lines(examples: int, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"

    @given(st.integers(0, len(LINES) - 1), ODD_TEXT | st.text(max_size=10), st.integers(0, 4))
    def check(number: int, text: str, way: int) -> None:
        line = LINES[number]
        key = line.partition(":")[0]
        changed = ["", line + line, f"{key}: {text}\n", text + line, line.rstrip("\n") + text]
        path.write_text("".join([*LINES[:number], changed[way], *LINES[number + 1 :]]), encoding="utf-8")
        answer(path)

    run(check, 100 * examples)


@EXAMPLES
def test_other_bytes(examples: int, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"

    @given(st.binary(max_size=60))
    def check(data: bytes) -> None:
        path.write_bytes(data)
        answer(path)

    run(check, 100 * examples)
