"""Print lines on a terminal: names and labels come from others, and are shown as text on one line."""

import os
import sys
import unicodedata
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

BYTES = range(0xDC80, 0xDD00)  # the letters that stand for bytes of a file name that are not UTF-8


def _escaped(letter: str) -> str:
    if letter.isprintable() or unicodedata.category(letter) == "Zs":  # blanks of all widths
        return letter
    if ord(letter) in BYTES:
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()


def printable(text: object) -> str:
    r"""Return text on one line, with `\n`, `\x1b` and the like for what would steer a terminal or is no text."""
    return "".join(map(_escaped, str(text)))


def print_line(text: object, file: TextIO | None = None) -> None:
    """Print one line on standard output, or to another stream."""
    print(printable(text), file=file, flush=True)


def print_note(text: object) -> None:
    """Print one line on standard error."""
    print(printable(text), file=sys.stderr)


def prepare_streams() -> None:
    """Replace standard streams that are closed, and let no name be fatal that they cannot encode or decode."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _open_nowhere(descriptor, name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding=sys.getfilesystemencoding(), errors="surrogateescape")  # it gives names of files


def _open_nowhere(descriptor: int, name: str) -> None:
    nowhere = open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the whole run
    try:
        os.fstat(descriptor)
    except OSError:
        # The next file that is opened would get the free descriptor, and libraries write their messages there.
        os.dup2(nowhere.fileno(), descriptor)
    setattr(sys, name, nowhere)


def discard_output() -> None:
    """Let what standard output still holds go nowhere: its reader has gone, or its disk is full."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
