import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


def params(folder: Path) -> str:
    """Run a command in `folder` with this checkout installed, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "met_culture.params", "--given", "a b"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a module of its own, as in DVC's copies of a checkout."""
    package = tmp_path / "src/met_culture"
    package.mkdir(parents=True)
    (package / "params.py").write_text("import sys; print('the copy', *sys.argv[1:])")
    (tmp_path / "dvc.yaml").touch()
    return tmp_path


def test_a_copy_of_the_checkout_runs_its_own_modules_and_not_what_is_installed(copy: Path) -> None:
    assert params(copy) == "the copy --given a b\n"


def test_what_is_installed_may_be_broken_meanwhile(copy: Path) -> None:
    broken = copy.parent / "installed"
    shutil.copytree(ROOT / "src/met_culture", broken / "met_culture")
    (broken / "met_culture/params.py").write_text("half an edi")
    done = subprocess.run(
        [sys.executable, "-m", "met_culture.params"], cwd=copy, env=os.environ | {"PYTHONPATH": str(broken)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "the copy\n"


def test_any_other_folder_runs_what_is_installed(copy: Path) -> None:
    (copy / "dvc.yaml").unlink()
    assert params(copy).startswith("error: params.yaml is missing")
