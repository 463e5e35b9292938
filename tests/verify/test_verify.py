"""Verify on pipelines of two cheap stages; `.ci/run` verifies the real one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cloning import Clone
from support import ROOT, set_param

FIRST = """
import os, pathlib
pathlib.Path("folder").mkdir()
for name in ("a", "b"):
    pathlib.Path("folder", name).write_text(name{more_first})
"""
SECOND = """
import json, os, pathlib
pathlib.Path("metrics").mkdir(exist_ok=True)
pathlib.Path("model").write_text("m"{more_second})
pathlib.Path("metrics/train.json").write_text(json.dumps({{"val_accuracy_last_10": {accuracy}}}))
pathlib.Path("metrics/evaluate.json").write_text(json.dumps({{"accuracy": 0.5, "macro_f1": 0.5}}))
"""


def pipeline(folder: Path, *, more_first: str = "", more_second: str = "", accuracy: str = "0.5") -> Clone:
    """Return a committed repository of two stages that has run once."""
    folder.mkdir()
    clone = Clone(folder)
    (folder / "first.py").write_text(FIRST.format(more_first=more_first))
    (folder / "second.py").write_text(SECOND.format(more_second=more_second, accuracy=accuracy))
    params = ["train.epochs"]
    stages = {
        "first": {"cmd": "python first.py", "deps": ["first.py"], "outs": ["folder"]},
        "second": {
            "cmd": "python second.py",
            "deps": ["second.py", "folder"],
            "params": params,
            "outs": ["model"],
            "metrics": [{f"metrics/{name}.json": {"cache": False}} for name in ("train", "evaluate")],
        },
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    shutil.copy(ROOT / "params.yaml", folder)
    for command in ("git init -q", "dvc init -q", "dvc repro -q", "git add .", "git commit -qm Run"):
        clone.run(*command.split())
    return clone


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of stages that give the same each time; no test may change it."""
    return pipeline(tmp_path_factory.mktemp("verify") / "repo").folder


@pytest.fixture
def clone(made: Path, tmp_path: Path) -> Clone:
    """Return a copy of `made`."""
    return Clone(Path(shutil.copytree(made, tmp_path / "repo", symlinks=True)))


def verify(clone: Clone, *options: str, code: int = 0) -> str:
    clone.env["PYTHONPATH"] = str(ROOT / "src")
    temporary = clone.folder.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    clone.env["TMPDIR"] = str(temporary)
    return clone.run(sys.executable, "-m", "met_culture.verify", *options, code=code)


def left(clone: Clone) -> list[str]:
    return sorted(path.name for path in (clone.folder.parent / "tmp").glob("verify-*/*"))


def test_equal_runs_are_said_to_be_equal_and_leave_nothing(clone: Clone) -> None:
    output = verify(clone)
    assert "two forced runs gave the same bytes in 4 outputs" in output
    assert "the committed run has the same bytes" in output
    assert output.count("Running stage") == 4, "a stage was taken from a cache instead of run"
    assert left(clone) == []
    assert clone.run("git", "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("", " + str(os.urandom(4))", "first in model;"),
        # What comes after a difference differs too, if it reads it.
        (
            ' + str(os.urandom(4 * (name == "b")))',
            ' + pathlib.Path("folder/b").read_text()',
            "first in folder/b and 1 ",
        ),
    ],
)
def test_the_first_output_that_differs_is_named_and_both_clones_are_kept(
    tmp_path: Path, first: str, second: str, names: str
) -> None:
    clone = pipeline(tmp_path / "repo", more_first=first, more_second=second)
    output = verify(clone, code=1)
    assert names in output.splitlines()[-1]
    assert "Traceback" not in output
    assert left(clone) == ["first", "second"]


def test_a_checkpoint_or_scratch_of_the_checkout_is_not_seen(tmp_path: Path) -> None:
    clone = pipeline(tmp_path / "repo", more_second=' + str(pathlib.Path(".scratch").exists())')
    (clone.folder / ".scratch").mkdir()
    (clone.folder / ".git/info/exclude").write_text(".scratch\n")
    assert "the committed run has the same bytes" in verify(clone)


def test_uncommitted_changes_are_verified_and_new_files_are_named(clone: Clone) -> None:
    second = clone.folder / "second.py"
    second.write_text(second.read_text().replace('"m"', '"m" + str(os.urandom(4))'))
    (clone.folder / "new.py").touch()
    output = verify(clone, code=1)
    assert "new.py is not tracked by Git" in output
    assert "first in model;" in output


def test_on_another_machine_metrics_within_the_tolerance_will_do(tmp_path: Path) -> None:
    clone = pipeline(tmp_path / "repo", accuracy='float(os.environ.get("ELSEWHERE", "0.5"))')
    clone.env["ELSEWHERE"] = "0.55"
    assert "the committed run has other bytes, metrics/train.json first; its metrics are compared" in verify(clone)
    # Also when the workspace has been run elsewhere meanwhile: it is HEAD that is promised.
    clone.env["ELSEWHERE"] = "0.65"
    clone.run("dvc", "repro", "-q", "--force")
    assert "val_accuracy_last_10 is 0.650, committed 0.500, more than 0.1 apart" in verify(clone, code=1)


def test_other_parameters_are_not_held_to_the_committed_run(tmp_path: Path) -> None:
    clone = pipeline(tmp_path / "repo", accuracy='0.5 + 0.4 * ("epochs: 3" in pathlib.Path("params.yaml").read_text())')
    assert "other parameters and is not compared" in verify(clone, "-S", "train.epochs=3")
    set_param(clone.folder, "  epochs: 50", "  epochs: 3")
    assert "other parameters and is not compared" in verify(clone)


def test_a_source_beside_the_checkout_is_found_from_the_clones(clone: Clone, tmp_path: Path) -> None:
    source = tmp_path / "my museum's"
    source.mkdir()
    (source / "records.jsonl").write_text("")
    set_param(clone.folder, "source: sample", 'source: "../my museum\'s"')
    assert "gave the same bytes" in verify(clone)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("train.no_such_key=1", "-S train.no_such_key=1: "),
        ("train.epochs", "-S train.epochs: "),
    ],
)
def test_a_wrong_change_is_named(clone: Clone, change: str, says: str) -> None:
    output = verify(clone, "-S", change, code=1)
    assert f"error: {says}" in output
    assert "Traceback" not in output


def test_a_file_that_was_touched_and_a_hook_of_git_are_no_obstacle(clone: Clone) -> None:
    (clone.folder / "first.py").touch()
    branch = clone.run("git", "branch", "--show-current")
    clone.env |= {"GIT_DIR": str(clone.folder / ".git"), "GIT_INDEX_FILE": str(clone.folder / ".git/index")}
    assert "the committed run has the same bytes" in verify(clone)
    assert clone.run("git", "branch", "--show-current") == branch


def test_a_shallow_clone_with_changes_is_verified(clone: Clone, tmp_path: Path) -> None:
    clone.run("git", "commit", "-q", "--allow-empty", "-m", "Second")
    shallow = Clone(tmp_path / "shallow")
    clone.run("git", "clone", "-q", "--depth=1", f"file://{clone.folder}", str(shallow.folder))
    second = shallow.folder / "second.py"
    second.write_text(second.read_text() + "# changed")
    assert "gave the same bytes" in verify(shallow)


def test_without_a_committed_run_the_two_are_compared_all_the_same(clone: Clone) -> None:
    (clone.folder / "dvc.lock").unlink()
    clone.run("git", "commit", "-qam", "No lock")
    output = verify(clone)
    assert "gave the same bytes in 4 outputs" in output
    assert "HEAD has no dvc.lock and metrics" in output


def test_the_museum_itself_cannot_be_verified(clone: Clone) -> None:
    set_param(clone.folder, "source: sample", "source: met")
    assert "error: fetch.source is met, whose answers change" in verify(clone, code=1)
    assert left(clone) == []


def test_below_the_root_it_says_where_to_run(clone: Clone) -> None:
    below = Clone(clone.folder / "folder")
    below.env["PYTHONPATH"] = str(ROOT / "src")
    output = below.run(sys.executable, "-m", "met_culture.verify", code=1)
    assert output == "error: run in the root of the repository.\n"


def test_a_stage_that_fails_is_named(clone: Clone) -> None:
    (clone.folder / "second.py").write_text("raise SystemExit(3)")
    assert "error: the pipeline failed in " in verify(clone, code=1)


def test_outside_git_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "met_culture.verify"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: git rev-parse in ")
