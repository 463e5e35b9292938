"""Scratch clones of what Git tracks, uncommitted changes included, and commands that run in them."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.utils.hydra import apply_overrides

from met_culture.common.config import PARAMS
from met_culture.common.errors import UserError


def _environment() -> dict[str, str]:
    # In a hook, Git points to the repository of the commit by GIT_DIR and others; the clones are not that one.
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(folder: Path, *command: str, check: bool = True) -> bytes:
    """Run Git in a folder and return what it prints.

    Raises:
        UserError: It failed, and `check`.
    """
    # An identity of its own, as a commit asks for one that a fresh machine lacks.
    own = ("user.name=verify", "user.email=verify@localhost", "commit.gpgsign=false")
    line = ["git", *(part for each in own for part in ("-c", each)), *command]
    done = subprocess.run(line, cwd=folder, env=_environment(), capture_output=True)  # noqa: S603
    if done.returncode and check:
        said = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise UserError(f"git {command[0]} in {folder} failed: {said or 'no reason given'}.")
    return done.stdout


def dvc(folder: Path, *command: str) -> int:
    """Run DVC in a clone, whose own code comes first; returns its exit code, and what it prints passes through."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = _environment() | {"PATH": path, "PYTHONPATH": str(folder / "src")}
    return subprocess.run([sys.executable, "-m", "dvc", *command], cwd=folder, env=env).returncode  # noqa: S603


def snapshot(root: Path) -> str:
    """Return a commit of what Git tracks as it is now; no branch, index or file changes by it."""
    # A file that was touched and not changed would make the stash fail without a word.
    git(root, "update-index", "-q", "--refresh", check=False)
    return (git(root, "stash", "create") or git(root, "rev-parse", "HEAD")).decode().strip()


def clone_into(root: Path, folder: Path, commit: str, changes: list[str]) -> None:
    """Make a repository of its own of a commit, with changed parameters.

    Args:
        root: The repository.
        folder: Where the clone is to be; not there yet.
        commit: As `snapshot` returns it.
        changes: KEY=VALUE, as `dvc exp run -S` takes them.

    Raises:
        UserError: A change is wrong.
    """
    # By way of an archive, as that works of shallow clones and of worktrees too.
    with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", commit))) as archive:
        # Python before 3.11.4, as in Debian 12, knows no filters.
        archive.extraction_filter = getattr(tarfile, "tar_filter", None)
        archive.extractall(folder)  # noqa: S202 - the user's own files, links out of the folder included
    try:
        if changes:
            apply_overrides(folder / PARAMS, changes)
    except DvcException as error:
        raise UserError(f"-S {' '.join(changes)}: {error}.") from None
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Verified")
