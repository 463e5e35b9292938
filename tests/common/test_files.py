from pathlib import Path

import numpy as np
import pytest
from support import DAMAGES

from met_culture.common.errors import UserError
from met_culture.common.files import escape_formula, read_json, write_bytes, write_json
from met_culture.common.schemas import Labels


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"accuracy": 0.5})
    with pytest.raises(TypeError):
        write_json(path, {"accuracy": object()})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"accuracy": float("nan")})
    assert read_json(path) == {"accuracy": 0.5}


def test_a_full_disk_names_the_file_and_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*/a\.jpg'"):
        write_bytes(tmp_path / "a.jpg", b"x")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_and_nothing_else_stays(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b.bin", b"x")
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.bin"]


def test_numpy_numbers_are_written_as_numbers(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"n": np.int64(3), "share": np.float32(0.5)})
    assert read_json(tmp_path / "x.json") == {"n": 3, "share": 0.5}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\ttab", "\rreturn", "\u00a0=1", "\uff1d1"])
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "plain=1", " plain", "1-2"])
def test_other_text_stays(text: str) -> None:
    assert escape_formula(text) == text


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_json_names_file_and_command(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "labels.json"
    write_json(path, {"source": "x", "labels": ["a", "b"]})
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(UserError, match=r"labels\.json is damaged \(.+\); run `dvc repro clean`\.$") as caught:
        read_json(path, Labels, "dvc repro clean")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    ['{"source": 1, "labels": ["a"]}', '{"source": "x", "labels": []}', '{"source": "x", "labels": [1700]}',
     '{"source": "x", "labels": "ab"}', '{"source": "x"}', '{"source": "x", "labels": ["a"], "more": NaN}'],
)  # fmt: skip
def test_json_of_another_schema_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UserError, match=r"x\.json is damaged"):
        read_json(tmp_path / "x.json", Labels, "dvc repro clean")


def test_missing_json_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.json is missing; run `dvc repro clean`"):
        read_json(tmp_path / "x.json", Labels, "dvc repro clean")
