"""Which copy of the package a stage runs."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support import ROOT, heed_ctrl_c

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_runs_the_code_of_its_own_checkout(stage: str) -> None:
    """DVC runs queued and `--temp` experiments in copies of the checkout, which must not run what is installed."""
    assert STAGES[stage]["cmd"].startswith(f"PYTHONPATH=src python -m met_culture.{stage} ")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with the package that stands for the one that is installed; its clean is broken."""
    shutil.copytree(ROOT / "src/met_culture", tmp_path / "installed/met_culture")
    (tmp_path / "installed/met_culture/clean/__main__.py").write_text("half an edi")
    return tmp_path / "installed"


def test_a_copy_of_the_checkout_runs_its_own_modules(tmp_path: Path, installed: Path) -> None:
    package = tmp_path / "copy/src/met_culture/clean"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys; print('the copy', *sys.argv[1:])")
    done = subprocess.run(
        ["sh", "-c", STAGES["clean"]["cmd"]],  # as DVC runs it
        cwd=tmp_path / "copy",
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "the copy data/raw data/clean metrics/clean.json\n"


@pytest.mark.parametrize("background", [False, True])
def test_ctrl_c_while_a_stage_is_imported_ends_it_without_a_traceback(tmp_path: Path, background: bool) -> None:
    """In the background, Ctrl-C is ignored as before."""
    package = tmp_path / "met_culture"
    (package / "stage").mkdir(parents=True)
    shutil.copy(ROOT / "src/met_culture/__init__.py", package)
    (package / "stage/__init__.py").touch()
    (package / "stage/__main__.py").write_text("import time; print('importing', flush=True); time.sleep(1.5)")
    command = [sys.executable, "-m", "met_culture.stage"]
    ignore = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    with subprocess.Popen(
        [*ignore, *command] if background else command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    ) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert err == ""
    assert process.returncode == (0 if background else -signal.SIGINT)
