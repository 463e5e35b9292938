"""What the processes of a training on several machines tell each other: who they are, and what process 0 has.

A process alone is the first of one, has nobody to ask, and imports nothing for it.
"""

from collections.abc import Callable

import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.train.checkpoints import Checkpoints, State, decode, encode


def place() -> tuple[int, int]:
    """Return which process this is, from 0, and of how many."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def agree(digest: Callable[[], str]) -> None:
    """Make sure that all processes train the same; all must call it.

    Args:
        digest: Returns a hash, of one length, of what must be the same everywhere.

    Raises:
        UserError: A process has something else than process 0.
    """
    if place()[1] == 1:
        return
    from jax.experimental.multihost_utils import process_allgather

    digests = process_allgather(np.frombuffer(digest().encode(), np.uint8))
    others = [str(number) for number, each in enumerate(digests) if not np.array_equal(each, digests[0])]
    if others:
        raise UserError(
            f"process {', '.join(others)} has other arrays, parameters or code than process 0; give all the same."
        )


def of_first(data: bytes) -> bytes:
    """Return what process 0 gives; all must call it, and one alone gets its own back."""
    if place()[1] == 1:
        return data
    from jax.experimental.multihost_utils import broadcast_one_to_all

    content = np.zeros(int(broadcast_one_to_all(np.int32(len(data)))), np.uint8)
    content[: len(data)] = np.frombuffer(data, np.uint8)[: len(content)]
    return np.asarray(broadcast_one_to_all(content)).tobytes()


def latest(checkpoints: Checkpoints, epochs: int) -> State | None:
    """Return process 0's state after the most epochs, at most `epochs`, for all processes; None if it has none."""
    process, processes = place()
    state = checkpoints.latest(epochs) if process == 0 else None
    if processes == 1:
        return state
    data = of_first(encode(state) if state else b"")
    return decode(data) if data else None
