"""Progress of long work: a bar with rate and time left on a terminal, sparse lines in a log."""

import sys
from collections.abc import Iterable
from typing import TextIO, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
LOG_INTERVAL_S = 20  # between two lines of a log


class _Lines:
    """Turns tqdm's carriage returns into lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            self._stream.write(line + "\n")

    def flush(self) -> None:
        self._stream.flush()


def progress(
    items: Iterable[Item] | None, name: str, unit: str, total: int | None = None, initial: int = 0, quiet: bool = False
) -> "tqdm[Item]":
    """Return `items` as an iterator that shows its progress on stderr.

    Args:
        items: What to go through; None for a bar that is updated by hand.
        name: What is being done.
        unit: What an item is, in the plural.
        total: How many items, where `len(items)` does not say.
        initial: How many of them an earlier run has done.
        quiet: Whether nothing is shown.
    """
    terminal = sys.stderr.isatty()
    return tqdm(
        items,
        desc=name,
        unit=f" {unit}",
        total=total,
        initial=initial,
        disable=quiet,
        file=sys.stderr if terminal else _Lines(sys.stderr),
        mininterval=0.1 if terminal else LOG_INTERVAL_S,
        ncols=None if terminal else 100,
    )
