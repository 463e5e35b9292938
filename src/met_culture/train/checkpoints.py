"""Checkpoints of a training. A training that was killed resumes, or continues to more epochs, with the same bytes.

They are outside DVC's outputs, in `.scratch/checkpoints/<key>-<epoch>.npz`. The key is a hash of everything that the
weights depend on except the number of epochs, so a training of 100 epochs finds the checkpoint of one of 50, and no
other training does. A damaged file counts as missing. A checkpoint that cannot be written costs only the time that it
would have saved.
"""

import hashlib
import json
import os
import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from met_culture.common.files import write_bytes
from met_culture.common.terminal import print_note
from met_culture.train.state import State, decode, encode

ARRAYS = ("train_x.npy", "train_y.npy", "train_crops.npy", "val_x.npy", "val_y.npy", "val_crops.npy")
INPUTS = (*ARRAYS, "rows.csv", "meta.json")  # of preprocess, that training reads
KEPT = 24  # files, of all trainings together; each holds the weights up to four times, 55 MB for the CNN
SHARE = 0.02  # of the time, that writing may cost: the CNN takes two seconds for an epoch, and a quarter for 55 MB
ABANDONED_S = 3600  # age after which a partly written file has no writer any more


def _loaded_code() -> set[Path]:
    # The imported modules, so that a new module cannot be forgotten.
    files = set()
    for module in tuple(sys.modules.values()):
        # A module that `python -m` runs is called __main__; only its spec has the real name.
        spec = getattr(module, "__spec__", None)
        name = spec.name if spec else ""
        file = getattr(module, "__file__", None)
        if name.split(".")[0] == "met_culture" and file:
            files.add(Path(file))
    return files


def checkpoint_key(settings: dict[str, Any], arrays: Path) -> str:
    """Return a hash of the settings, the inputs of the training and the imported code of the package.

    Args:
        settings: Parameters and environment; must fit JSON.
        arrays: Folder of the arrays of preprocess.
    """
    digests = []
    for path in [*(arrays / name for name in INPUTS), *sorted(_loaded_code())]:
        with path.open("rb") as file:
            digests.append((path.name, hashlib.file_digest(file, "sha256").hexdigest()))
    return hashlib.sha256(json.dumps([settings, digests], sort_keys=True).encode()).hexdigest()[:32]


class Checkpoints:
    """The checkpoints of one training."""

    def __init__(self, folder: Path, key: str) -> None:
        """Use `folder`, which belongs to all trainings, for the training with this key."""
        self._folder, self._key = folder, key
        self._previous: Path | None = None
        self._warned = False
        self._saved_at, self._seconds = time.monotonic(), 0.0

    def latest(self, epochs: int) -> State | None:
        """Return the state after the most epochs, at most `epochs`; None if there is no undamaged one."""
        files = self._files()
        for epoch in sorted(files, reverse=True):
            state = self._read(files[epoch], epoch) if epoch <= epochs else None
            if state is not None:
                with suppress(OSError):
                    os.utime(files[epoch])  # the most recently used files are kept
                return state
        return None

    def _files(self) -> dict[int, Path]:
        files = {}
        for path in self._folder.glob(f"{self._key}-*.npz"):
            match = re.fullmatch(rf"{self._key}-(\d+)\.npz", path.name)
            if match:
                files[int(match[1])] = path
        return files

    def _read(self, path: Path, epoch: int) -> State | None:
        try:
            state = decode(path.read_bytes())
            if len(state.rows) != epoch:
                raise ValueError("its epoch differs from that in its name")
            return state
        except FileNotFoundError:  # another training with the same key has replaced it
            return None
        except (OSError, ValueError) as error:
            print_note(f"note: {path} is damaged ({error}); it is removed")
            with suppress(OSError):  # `save` does not replace an existing file
                path.unlink()
            return None

    def is_due(self) -> bool:
        """Return whether it is time to save again, so that saving costs a small fraction of the training."""
        return self._seconds <= SHARE * (time.monotonic() - self._saved_at)

    def save(self, state: State) -> None:
        """Replace this run's previous checkpoint by a state; the last one stays for longer runs to continue from.

        If it cannot be written, a note says so once, and the training goes on without checkpoints.
        """
        started = time.monotonic()
        self._write(state)
        self._saved_at = time.monotonic()
        self._seconds = self._saved_at - started

    def _write(self, state: State) -> None:
        path = self._folder / f"{self._key}-{len(state.rows):06d}.npz"
        # An existing file is equal; it may be the last one of another run, which must stay.
        is_new = not path.exists()
        try:
            self._prune()
            if is_new:
                write_bytes(path, encode(state))
        except OSError as error:
            if not self._warned:
                print_note(f"note: no checkpoint is kept ({error}); a stopped training will start over")
            self._warned = True
            return
        if self._previous:
            with suppress(OSError):
                self._previous.unlink()
        self._previous = path if is_new else None

    def _prune(self) -> None:
        # Runs before writing, so that a disk full of checkpoints gets room.
        whole = _ages(self._folder, "*.npz")
        newest_first = sorted(whole, key=whole.__getitem__)
        for path in newest_first[KEPT - 1 :]:
            path.unlink(missing_ok=True)
        for path, age_s in _ages(self._folder, ".*.npz.*").items():  # killed writers left these
            if age_s > ABANDONED_S:
                path.unlink(missing_ok=True)


def _ages(folder: Path, pattern: str) -> dict[Path, float]:
    now, ages = time.time(), {}
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # another training may remove it meanwhile
            ages[path] = now - path.stat().st_mtime
    return ages
