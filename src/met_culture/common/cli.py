"""Shared by all commands: positional paths as arguments, and one sentence for an error of the user."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from met_culture.common.errors import UserError


def path_parser(doc: str, *names: str, prog: str | None = None) -> argparse.ArgumentParser:
    """Return a parser of positional paths, one per name; `dvc.yaml` gives their values.

    Args:
        doc: Docstring of the module; `--help` shows its first line.
        names: Names of the arguments, in order.
        prog: The command as a user types it; by default argparse would show `__main__.py`.
    """
    parser = argparse.ArgumentParser(prog=prog, description=doc.splitlines()[0])
    for name in names:
        parser.add_argument(name, type=Path)
    return parser


def path_arguments(doc: str, *names: str, prog: str | None = None) -> argparse.Namespace:
    """Parse the command line with `path_parser`; return a namespace with one `Path` per name."""
    return path_parser(doc, *names, prog=prog).parse_args()


def run(main: Callable[[], int | None]) -> None:
    """Call `main` and exit with its code; print a `UserError` or `OSError` as one sentence and exit with 1."""
    try:
        code = main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    except OSError as error:
        # The user can repair these: a missing input, a full disk, a folder without permission.
        reason = f"{error.filename or 'file'}: {error.strerror or error}"
        print(f"error: {reason}; fix this and run again.", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        code = 130  # the shell's convention for SIGINT
    sys.exit(code)
