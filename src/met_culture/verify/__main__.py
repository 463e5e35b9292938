"""Verify that equal code, parameters and data give equal bytes: `python -m met_culture.verify [-S KEY=VALUE ...]`.

The whole pipeline runs in two scratch clones, uncommitted changes included, without any earlier result. All outputs
must have equal hashes. Otherwise the command names the first that differs, and keeps both clones. It also compares them
with the committed run. If the bytes differ, as on another machine, the metrics must lie within `TOLERANCE`.

Reads: the repository in the current folder.
Writes: nothing, except the two clones of a failed verification, in the folder of temporary files.
"""

import os
import shutil
import tempfile
from pathlib import Path

from met_culture.common.cli import Parser, run
from met_culture.common.errors import UserError
from met_culture.common.terminal import print_note
from met_culture.verify.clones import UnequalError, git
from met_culture.verify.comparison import verify


def _changes() -> list[str]:
    parser = Parser(prog="python -m met_culture.verify", description=__doc__.splitlines()[0])
    parser.add_argument(
        "-S", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="as in dvc exp run"
    )
    return parser.parse_args().changes


def _check_checkout(root: Path) -> None:
    if Path(os.fsdecode(git(root, "rev-parse", "--show-toplevel")).strip()) != root.resolve():
        raise UserError("run in the root of the repository.")
    if new := git(root, "ls-files", "--others", "--exclude-standard").decode():
        print_note(f"note: {new.splitlines()[0]} is not tracked by Git and not verified; `git add` it")


def main() -> None:
    """Verify the checkout in the current folder."""
    changes, root = _changes(), Path.cwd()
    _check_checkout(root)
    folder = Path(tempfile.mkdtemp(prefix="verify-"))
    try:
        verify(root, folder, changes)
    except UnequalError:
        raise  # the user will compare the two clones
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


if __name__ == "__main__":
    run(main)
