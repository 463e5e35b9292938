"""The floors of the house: imports run down or sideways, never up and never in a circle."""

from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from imports import SOURCE, imported

# From the ground up. A name is a folder, with all that is in it, or a module at the top of the package.
FLOORS = (
    ("common",),
    ("images", "web", "sample"),
    ("models", "plotting"),
    ("fetch",),
    ("museum", "clean"),
    ("preprocess",),
    ("train",),
    ("evaluate",),
    ("predict", "explore", "compare", "verify", "params", "export", "share", "weights", "offline_plots"),
    ("cards", "report"),
    ("dashboard",),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def room(path: Path) -> str:
    """Return the folder at the top of the package in which a file lies, or the module's own name."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def test_every_folder_and_module_has_its_floor() -> None:
    assert {room(path) for path in FILES} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_down_or_sideways(path: Path) -> None:
    above = [file for file in imported(path) if LEVEL[room(file)] > LEVEL[room(path)]]
    assert not above, f"{path} imports from a higher floor"


def test_no_folder_imports_another_in_a_circle() -> None:
    needs: dict[str, set[str]] = {name: set() for name in LEVEL}
    for path in FILES:
        needs[room(path)] |= {room(file) for file in imported(path)} - {room(path)}
    assert len(list(TopologicalSorter(needs).static_order())) == len(LEVEL)  # raises CycleError


def test_no_module_imports_another_in_a_circle() -> None:
    TopologicalSorter({path: imported(path) for path in FILES}).prepare()  # raises CycleError


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_imports_a_main(path: Path) -> None:
    assert not [file for file in imported(path) if file.name == "__main__.py"]


def test_nested_init_files_are_empty() -> None:
    for path in SOURCE.glob("*/**/__init__.py"):
        assert path.read_text() == "", path
