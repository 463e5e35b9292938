"""Progress of long work: a bar with rate and time left on a terminal, a line every 20 s in a log."""

import sys
from collections.abc import Iterable
from typing import TextIO, TypeVar, cast

from tqdm import tqdm

Item = TypeVar("Item")
LOG_INTERVAL_S = 20


class _Lines:
    """Writes tqdm's updates as lines, without carriage returns."""

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
    """Return `items` as an iterable that shows its progress on stderr.

    Args:
        items: What to iterate over; None for a bar that is updated by hand.
        name: Name of the work.
        unit: Name of the items, in the plural.
        total: Number of items; default: `len(items)`.
        initial: Number of items that an earlier run has done.
        quiet: Show nothing.
    """
    terminal = sys.stderr.isatty()
    bar = tqdm(
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
    return cast("tqdm[Item]", bar)  # tqdm's stub types a bar without items as tqdm[Never]
