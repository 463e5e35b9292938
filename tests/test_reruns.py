"""An edit of the code reruns the stages that it touches, and no other: what `dvc status` says in a scratch clone."""

import shutil
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo
from support import ROOT

ALL = {"fetch", "clean", "explore", "preprocess", "train", "evaluate"}
PAINTINGS = "benchmarks/paintings.csv"  # what clean.folds_file usually names
# What is edited, below src/met_culture, and the stages whose dependencies have changed then.
RERUN = {
    "common": ALL,
    "images": {"fetch", "explore", "preprocess"},
    "web": {"fetch"},
    "sample": {"fetch"},
    "models": {"train", "evaluate"},
    "plotting": {"explore", "evaluate"},
    "fetch/params.py": {"fetch"},
    "fetch/records.py": {"fetch", "clean", "explore"},
    "clean/params.py": {"clean"},
    "clean/tables.py": {"clean", "explore", "preprocess"},
    "explore/params.py": {"explore"},
    "preprocess/params.py": {"preprocess"},
    "preprocess/array_file.py": {"preprocess", "train", "evaluate"},
    "train/params.py": {"train"},
    "train/distributed": {"train"},
    "evaluate/params.py": {"evaluate"},
    "museum": set(),
    "predict": set(),
    "compare": set(),
    "verify": set(),
    "cards": set(),
    "report": set(),
    "dashboard": set(),
    "params.py": set(),
    "__init__.py": set(),
}


def write_output(path: Path) -> None:
    """Write something in the place of an output of the pipeline."""
    path = path if path.suffix else path / "file"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{path.name}\n")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with this code and this dvc.yaml, in which every stage counts as run."""
    folder = tmp_path_factory.mktemp("reruns") / "clone"
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("dvc.yaml", "params.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, folder)
    (folder / PAINTINGS).parent.mkdir()
    shutil.copy(ROOT / PAINTINGS, folder / PAINTINGS)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    for stage in yaml.safe_load((folder / "dvc.yaml").read_text())["stages"].values():
        for kind in ("outs", "metrics", "plots"):
            for entry in stage.get(kind, []):
                write_output(folder / (entry if isinstance(entry, str) else next(iter(entry))))
    with chdir(folder), Repo.init() as repository:
        repository.commit(force=True)
    return folder


def changed_stages(folder: Path) -> set[str]:
    """Return the stages that `dvc status` lists."""
    with chdir(folder), Repo() as repository:
        return set(repository.status())


def test_without_an_edit_nothing_reruns(clone: Path) -> None:
    assert changed_stages(clone) == set()


@pytest.mark.parametrize("edited", RERUN)
def test_an_edit_reruns_what_it_touches(clone: Path, edited: str) -> None:
    path = clone / "src/met_culture" / edited
    file = path if path.is_file() else next(file for file in sorted(path.glob("*.py")) if file.read_text())
    before = file.read_text()
    # A word of the first docstring; the rest of the code stays.
    file.write_text(before.replace('"""', '"""Edited. ', 1))
    assert file.read_text() != before
    try:
        assert changed_stages(clone) == RERUN[edited]
    finally:
        file.write_text(before)


def test_other_published_folds_rerun_clean(clone: Path) -> None:
    before = (clone / PAINTINGS).read_bytes()
    (clone / PAINTINGS).write_bytes(before.replace(b",0\n", b",1\n", 1))
    try:
        assert changed_stages(clone) == {"clean"}
    finally:
        (clone / PAINTINGS).write_bytes(before)


def test_the_table_names_every_folder_of_the_package() -> None:
    folders = {path.name for path in (ROOT / "src/met_culture").iterdir() if (path / "__init__.py").is_file()}
    named = {edited.partition("/")[0] for edited in RERUN}
    assert folders <= named
