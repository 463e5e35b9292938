"""Checkpoints of a training, so that it resumes after a kill and continues to more epochs with the same bytes.

They lie outside DVC's outputs, in `.scratch/checkpoints/<key>-<epoch>.npz`. The key is a hash of everything that the
weights depend on except the number of epochs, so 100 epochs find what 50 left, and nothing else is mistaken for it.
A file is a SHA-256 in hexadecimal and a NumPy archive; what is damaged counts as not there. A checkpoint that cannot be
written costs no more than the time that it would have saved.
"""

import hashlib
import io
import json
import os
import re
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from met_culture.common.files import write_bytes

KEPT = 24  # files, of all trainings together; three times the number of weights each, 15 MB for the CNN
DIGEST = 64  # characters
HALF_S = 3600  # after which a half file is nobody's


@dataclass(frozen=True)
class State:
    """A training after its last epoch so far.

    Attributes:
        rows: Curves, one row per epoch.
        variables: Weights, random states and optimizer, in the order of the model's.
        best: Weights after the epoch of lowest validation loss.
    """

    rows: tuple[dict[str, Any], ...]
    variables: tuple[np.ndarray, ...]
    best: tuple[np.ndarray, ...]


def _loaded_code() -> Iterable[Path]:
    # As imported, so that a module that is new in the chain cannot be forgotten.
    for module in tuple(sys.modules.values()):
        name = getattr(getattr(module, "__spec__", None), "name", "") or ""
        if name.split(".")[0] == "met_culture" and getattr(module, "__file__", None):
            yield Path(module.__file__)


def key(settings: dict[str, Any], data: Iterable[Path]) -> str:
    """Return the hash of settings, data and code of this process.

    Args:
        settings: Parameters and environment, as JSON holds them.
        data: Files that are trained on.
    """
    digests = []
    for path in [*data, *sorted(set(_loaded_code()))]:
        with path.open("rb") as file:
            digests.append((path.name, hashlib.file_digest(file, "sha256").hexdigest()))
    return hashlib.sha256(json.dumps([settings, digests], sort_keys=True).encode()).hexdigest()[:32]


def encode(state: State) -> bytes:
    """Return a state as the bytes of its file."""
    names = {f"{name}_{i}": each for name in ("variables", "best") for i, each in enumerate(getattr(state, name))}
    archive = io.BytesIO()
    np.savez(archive, rows=np.frombuffer(json.dumps(state.rows).encode(), np.uint8), **names)
    return hashlib.sha256(archive.getbuffer()).hexdigest().encode() + archive.getbuffer()


def decode(data: bytes) -> State:
    """Return the state of a file's bytes.

    Raises:
        ValueError: They are damaged.
    """
    if hashlib.sha256(data[DIGEST:]).hexdigest().encode() != data[:DIGEST]:
        raise ValueError("its hash is not its content's")
    with np.load(io.BytesIO(data[DIGEST:]), allow_pickle=False) as archive:
        counts = {name: sum(each.startswith(f"{name}_") for each in archive.files) for name in ("variables", "best")}
        arrays = {name: tuple(archive[f"{name}_{i}"] for i in range(n)) for name, n in counts.items()}
        return State(rows=tuple(json.loads(archive["rows"].tobytes())), **arrays)


class Checkpoints:
    """The checkpoints of one training."""

    def __init__(self, folder: Path, key: str) -> None:
        """Use `folder`, which all trainings share, for the training of `key`."""
        self._folder, self._key = folder, key
        self._rolling: Path | None = None
        self._warned = False

    def latest(self, epochs: int) -> State | None:
        """Return the state after the most epochs, at most `epochs`; None if there is none that is whole."""
        found = {}
        for path in self._folder.glob(f"{self._key}-*.npz"):
            if match := re.fullmatch(rf"{self._key}-(\d+)\.npz", path.name):
                found[int(match[1])] = path
        for epoch in sorted((epoch for epoch in found if epoch <= epochs), reverse=True):
            try:
                state = decode(found[epoch].read_bytes())
                if len(state.rows) != epoch:
                    raise ValueError("it holds another epoch than its name says")
            except FileNotFoundError:  # another training of the same key has gone on
                continue
            except (OSError, ValueError) as error:
                print(f"note: {found[epoch]} is damaged ({error}); it is removed", file=sys.stderr)
                with suppress(OSError):  # `save` takes what is there for whole
                    found[epoch].unlink()
                continue
            with suppress(OSError):
                os.utime(found[epoch])  # what is used is kept longest
            return state
        return None

    def save(self, state: State) -> None:
        """Keep a state in place of the one before; the last of a run stays for longer runs to begin from.

        Where it cannot be written, a note says so once, and the training goes on without.
        """
        path = self._folder / f"{self._key}-{len(state.rows):06d}.npz"
        # Of another run, perhaps its last: it is the same, and not ours to replace or remove.
        mine = not path.exists()
        try:
            self._prune()
            if mine:
                write_bytes(path, encode(state))
        except OSError as error:
            if not self._warned:
                print(f"note: no checkpoint is kept ({error}); a training that is stopped starts over", file=sys.stderr)
            self._warned = True
            return
        if self._rolling:
            with suppress(OSError):
                self._rolling.unlink()
        self._rolling = path if mine else None

    def _prune(self) -> None:
        # Before writing, so that a disk that is full of them heals.
        ages = {}
        for path in [*self._folder.glob("*.npz"), *self._folder.glob(".*.npz.*")]:
            with suppress(FileNotFoundError):
                ages[path] = path.stat().st_mtime
        halves = [path for path in ages if path.suffix != ".npz"]  # of writers that were killed, if they are old
        whole = sorted(ages.keys() - set(halves), key=ages.__getitem__)
        for path in [*whole[: -(KEPT - 1)], *(half for half in halves if time.time() - ages[half] > HALF_S)]:
            path.unlink(missing_ok=True)
