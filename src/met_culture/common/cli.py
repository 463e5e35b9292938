"""What every command of the package shares: its arguments, and one clear sentence for a user's mistake."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from met_culture.common.errors import UserError


def path_parser(doc: str, *names: str, prog: str | None = None) -> argparse.ArgumentParser:
    """Return a parser of positional paths, one per name in `names`; `dvc.yaml` holds their values.

    Args:
        doc: The module's docstring; its first line describes the command in `--help`.
        names: Names of the arguments, in order.
        prog: The command as a user types it. A `__main__.py` gives it: argparse would show the file's name.
    """
    parser = argparse.ArgumentParser(prog=prog, description=doc.splitlines()[0])
    for name in names:
        parser.add_argument(name, type=Path)
    return parser


def path_arguments(doc: str, *names: str, prog: str | None = None) -> argparse.Namespace:
    """Parse the positional paths of `path_parser`; returns a namespace with one `Path` per name."""
    return path_parser(doc, *names, prog=prog).parse_args()


def run(main: Callable[[], int | None]) -> None:
    """Call `main` and exit with its code; a `UserError` or `OSError` becomes one sentence and exit code 1."""
    try:
        code = main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    except OSError as error:
        # A missing input, a full disk, a folder without permission: the user's to mend.
        reason = f"{error.filename or 'file'}: {error.strerror or error}"
        print(f"error: {reason}; mend it and run again.", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        code = 130  # the shell's convention for SIGINT
    sys.exit(code)
