from pathlib import Path

import pytest
from support import write_folder

from met_culture.common.errors import UserError
from met_culture.common.paths import main_checkout, scratch_folder, source_folder


def test_a_plain_checkout_is_itself(tmp_path: Path) -> None:
    assert main_checkout(tmp_path) == tmp_path


def test_an_experiments_temporary_copy_leads_to_the_main_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "checkout" / ".dvc" / "tmp" / "exps" / "standalone" / "tmp1234"
    copy.mkdir(parents=True)
    write_folder(tmp_path / "museum", [])
    monkeypatch.chdir(copy)
    assert scratch_folder() == tmp_path / "checkout" / ".scratch"
    assert source_folder("../museum").samefile(tmp_path / "museum")


def test_sample_and_met_are_no_folders() -> None:
    assert source_folder("sample") is None
    assert source_folder("met") is None


def test_a_missing_museum_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"fetch\.source.*nowhere"):
        source_folder(str(tmp_path / "nowhere"))
