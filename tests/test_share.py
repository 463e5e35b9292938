"""Sharing on a repository of one cheap stage; test_readme_commands.py shares the real pipeline, through S3 too."""

import shutil
import sys
from pathlib import Path

import pytest
import yaml
from cloning import Clone
from support import ROOT, set_param

STAGE = """
import pathlib
epochs = pathlib.Path("params.yaml").read_text().split("  epochs: ")[1].split()[0]
pathlib.Path("model").write_text("model " + epochs)
pathlib.Path("metrics.json").write_text(epochs)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a committed repository in which the stage has run with 50 and with 60 epochs; no test may change it."""
    clone = Clone(tmp_path_factory.mktemp("share"))
    (clone.folder / "stage.py").write_text(STAGE)
    stage = {
        "cmd": "python stage.py",
        "params": ["train.epochs"],
        "outs": ["model"],
        "metrics": [{"metrics.json": {"cache": False}}],
    }
    (clone.folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    shutil.copy(ROOT / "params.yaml", clone.folder)
    for command in ("git init -q", "dvc init -q", "dvc repro -q", "git add .", "git commit -qm Run"):
        clone.run(*command.split())
    set_param(clone.folder, "  epochs: 50", "  epochs: 60")
    clone.repro()
    clone.run("git", "checkout", "-q", ".")
    clone.run("dvc", "checkout", "-q")
    return clone.folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Clone:
    """Return a copy of `made`."""
    clone = Clone(Path(shutil.copytree(made, tmp_path / "mine", symlinks=True)))
    clone.env["PYTHONPATH"] = str(ROOT / "src")
    return clone


def share(clone: Clone, *options: str, code: int = 0) -> str:
    return clone.run(sys.executable, "-m", "met_culture.share", *options, code=code)


def test_what_has_run_here_is_restored_elsewhere(mine: Clone, tmp_path: Path) -> None:
    mine.run("dvc", "remote", "add", "--default", "team", str(tmp_path / "store"))
    mine.run("git", "commit", "-qam", "Remote")
    assert "2 runs of a stage are in the remote; 4 files were new" in share(mine)
    assert "2 runs of a stage are in the remote; 0 files were new" in share(mine, "--remote", "team")
    other = Clone(tmp_path / "other")
    mine.run("git", "clone", "-q", ".", str(other.folder))
    set_param(other.folder, "  epochs: 50", "  epochs: 60")
    assert other.repro("--pull") == []
    assert [(other.folder / name).read_text() for name in ("model", "metrics.json")] == ["model 60", "60"]


def test_files_that_are_gone_are_named_and_the_rest_goes_on(mine: Clone, tmp_path: Path) -> None:
    mine.run("dvc", "remote", "add", "--default", "team", str(tmp_path / "store"))
    mine.run("dvc", "gc", "--workspace", "--force")
    output = share(mine)
    assert "cache files do not exist" in output
    assert "name: metrics.json" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("options", [(), ("--remote", "nowhere")])
def test_without_a_remote_it_says_so(mine: Clone, options: tuple[str, ...]) -> None:
    output = share(mine, *options, code=1)
    assert "`dvc remote list` names the remotes" in output
    assert "Traceback" not in output
