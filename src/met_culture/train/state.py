"""The state of a training after an epoch, as bytes of a fixed format: a SHA-256 in hexadecimal and a NumPy archive."""

import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]
DIGEST = 64  # characters


@dataclass(frozen=True)
class State:
    """A training after its last epoch so far.

    Attributes:
        rows: History, a row per epoch.
        variables: Weights, random states and optimizer, in the order of the model's variables.
        best: Weights after the epoch with the lowest validation loss.
    """

    rows: tuple[dict[str, Any], ...] = ()
    variables: Arrays = ()
    best: Arrays = ()


def encode(state: State) -> bytes:
    """Return a state as bytes."""
    arrays = {"rows": np.frombuffer(json.dumps(state.rows).encode(), np.uint8)}
    for group, members in (("variables", state.variables), ("best", state.best)):
        for index, member in enumerate(members):
            arrays[f"{group}_{index}"] = member
    archive = io.BytesIO()
    np.savez(archive, **arrays)  # type: ignore[arg-type] # the stub takes the arrays for allow_pickle
    return hashlib.sha256(archive.getbuffer()).hexdigest().encode() + archive.getbuffer()


def decode(data: bytes) -> State:
    """Return the state that `encode` wrote.

    Raises:
        ValueError: The bytes are damaged.
    """
    if hashlib.sha256(data[DIGEST:]).hexdigest().encode() != data[:DIGEST]:
        raise ValueError("its hash does not match its content")
    with np.load(io.BytesIO(data[DIGEST:]), allow_pickle=False) as archive:
        rows = tuple(json.loads(archive["rows"].tobytes()))
        return State(rows, _group(archive, "variables"), _group(archive, "best"))


def _group(archive: np.lib.npyio.NpzFile, group: str) -> Arrays:
    count = sum(name.startswith(f"{group}_") for name in archive.files)
    return tuple(archive[f"{group}_{index}"] for index in range(count))
