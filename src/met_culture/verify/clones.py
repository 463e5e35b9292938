"""Scratch clones of what Git tracks, uncommitted changes included, and forced runs of the pipeline in them."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml
from dvc.exceptions import DvcException
from dvc.utils.hydra import apply_overrides

from met_culture.common.config import PARAMS
from met_culture.common.errors import UserError
from met_culture.verify.locks import Lock

# A commit needs an identity, which a new machine may not have.
IDENTITY = ("-c", "user.name=verify", "-c", "user.email=verify@localhost", "-c", "commit.gpgsign=false")


class UnequalError(UserError):
    """A run failed, or the runs differ; the clones are kept."""


def _environment() -> dict[str, str]:
    # In a hook, GIT_DIR and similar variables point to the repository of the commit, not to the clones.
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(folder: Path, *command: str, check: bool = True) -> bytes:
    """Run Git in a folder and return its output.

    Raises:
        UserError: Git failed, and `check` is true.
    """
    line = ["git", *IDENTITY, *command]
    done = subprocess.run(line, cwd=folder, env=_environment(), capture_output=True)  # noqa: S603
    if done.returncode and check:
        reason = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise UserError(f"git {command[0]} in {folder} failed: {reason or 'no reason given'}.")
    return done.stdout


def _dvc(folder: Path, *command: str) -> int:
    # Returns the exit code; the code of the clone comes first on Python's path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = _environment() | {"PATH": path, "PYTHONPATH": str(folder / "src")}
    return subprocess.run([sys.executable, "-m", "dvc", *command], cwd=folder, env=env).returncode  # noqa: S603


def snapshot(root: Path) -> str:
    """Return a commit of the current content of all tracked files; no branch, index or file changes."""
    # A file that was touched but not changed would make the stash fail silently.
    git(root, "update-index", "-q", "--refresh", check=False)
    return (git(root, "stash", "create") or git(root, "rev-parse", "HEAD")).decode().strip()


def clone_into(root: Path, folder: Path, commit: str, changes: list[str]) -> None:
    """Make an independent repository from a commit, with changed parameters.

    Args:
        root: The repository.
        folder: Path of the clone; must not exist.
        commit: As `snapshot` returns it.
        changes: KEY=VALUE, as in `dvc exp run -S`.

    Raises:
        UserError: A change is wrong.
    """
    # An archive works for shallow clones and for worktrees too.
    with tarfile.open(fileobj=io.BytesIO(git(root, "archive", "--format=tar", commit))) as archive:
        # Python before 3.11.4, as in Debian 12, has no filters.
        archive.extraction_filter = getattr(tarfile, "tar_filter", None)
        archive.extractall(folder)  # noqa: S202 - the user's own files, including links out of the folder
    try:
        if changes:
            apply_overrides(folder / PARAMS, changes)
    except DvcException as error:
        raise UserError(f"-S {' '.join(changes)}: {error}.") from None
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Verified")


def forced_run(folder: Path) -> Lock:
    """Run all stages in a clone without any earlier result, and return its dvc.lock.

    Raises:
        UnequalError: A stage failed.
        UserError: The clone has earlier results, or DVC cannot be configured.
    """
    if any((folder / name).exists() for name in (".scratch", ".dvc/cache")):
        raise UserError(f"{folder} has scratch or cache of an earlier run, which would prove nothing.")
    # The user's configuration may name a shared cache; the clone needs its own.
    if _dvc(folder, "config", "--local", "--quiet", "cache.dir", str(folder / ".dvc/cache")):
        raise UserError(f"DVC could not be configured in {folder}; see above.")
    if _dvc(folder, "repro", "--force", "--no-run-cache"):
        raise UnequalError(f"the pipeline failed in {folder}; fix the error above.")
    return yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))
