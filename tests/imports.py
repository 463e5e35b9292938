"""Which files of the package a file imports, read from its source."""

import ast
from pathlib import Path

from support import ROOT

SOURCE = ROOT / "src" / "met_culture"


def _file(name: str) -> Path | None:
    """Return the file of a module or package, or None for a name that is something else."""
    path = SOURCE.parent.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def imported(path: Path) -> set[Path]:
    """Return the files of the package that a file imports, also within functions; empty __init__ files left out."""
    names = [name for node in ast.walk(ast.parse(path.read_text())) for name in _names(node)]
    files = {_file(name) for name in names if name.split(".")[0] == "met_culture"}
    return {file for file in files if file and file.read_text() and file not in (path, SOURCE / "__init__.py")}


def closure(path: Path) -> set[Path]:
    """Return a file and all that it imports, directly or not."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += imported(file)
    return seen
