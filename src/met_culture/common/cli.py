"""Shared by all commands: positional paths as arguments, and one sentence for an error of the user."""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from met_culture.common.errors import UserError
from met_culture.common.terminal import discard_output, prepare_streams, print_note, printable

prepare_streams()  # at import: before other modules open files


class Parser(argparse.ArgumentParser):
    """A parser of arguments whose errors show the arguments as text."""

    def error(self, message: str) -> NoReturn:
        """Print usage and error, and exit with 2."""
        super().error(printable(message))


def path_parser(doc: str, *names: str, prog: str | None = None) -> Parser:
    """Return a parser of positional paths, one per name; `dvc.yaml` gives their values.

    Args:
        doc: Docstring of the module; `--help` shows its first line.
        names: Names of the arguments, in order.
        prog: The command as a user types it; by default argparse would show `__main__.py`.
    """
    parser = Parser(prog=prog, description=doc.splitlines()[0])
    for name in names:
        parser.add_argument(name, type=Path)
    return parser


def path_arguments(doc: str, *names: str, prog: str | None = None) -> argparse.Namespace:
    """Parse the command line with `path_parser`; return a namespace with one `Path` per name."""
    return path_parser(doc, *names, prog=prog).parse_args()


def run(main: Callable[[], int | None]) -> None:
    """Call `main` and exit with its code; print a `UserError` or `OSError` as one sentence and exit with 1."""
    prepare_streams()
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = main()
        sys.stdout.flush()
    except UserError as error:
        print_note(f"error: {error}")
        code = 1
    except BrokenPipeError:
        discard_output()
        code = 141  # the shell's convention for SIGPIPE: the reader, such as `head`, has enough
    except OSError as error:
        # The user can repair these: a missing input, a full disk, a folder without permission.
        reason = f"{error.filename or 'file'}: {error.strerror or error}"
        print_note(f"error: {reason}; fix this and run again.")
        discard_output()
        code = 1
    except KeyboardInterrupt:
        print_note("stopped")
        code = 130  # the shell's convention for SIGINT
    sys.exit(code)
