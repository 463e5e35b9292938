"""Exchange data between the processes of a training. With one process these functions do nothing."""

from collections.abc import Callable

import keras
import numpy as np

from met_culture.common.errors import UserError
from met_culture.train.checkpoints import Checkpoints
from met_culture.train.state import State, decode, encode


def process_index_and_count() -> tuple[int, int]:
    """Return the index of this process, from 0, and the number of processes."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def check_same_inputs(digest: Callable[[], str]) -> None:
    """Check that all processes train on the same inputs; every process must call it.

    Args:
        digest: Returns a hash of the inputs; its length is the same in every process.

    Raises:
        UserError: The hash of a process differs from that of process 0.
    """
    _, processes = process_index_and_count()
    if processes == 1:
        return
    from jax.experimental.multihost_utils import process_allgather

    digests = process_allgather(np.frombuffer(digest().encode(), np.uint8))
    different = [str(index) for index in range(processes) if not np.array_equal(digests[index], digests[0])]
    if different:
        raise UserError(
            f"process {', '.join(different)} has other arrays, parameters or code than process 0; "
            "give the same to all processes."
        )


def broadcast(data: bytes) -> bytes:
    """Return the data of process 0; every process must call it."""
    if process_index_and_count()[1] == 1:
        return data
    from jax.experimental.multihost_utils import broadcast_one_to_all

    content = np.zeros(int(broadcast_one_to_all(np.int32(len(data)))), np.uint8)
    content[: len(data)] = np.frombuffer(data, np.uint8)[: len(content)]
    return np.asarray(broadcast_one_to_all(content)).tobytes()


def latest_state(checkpoints: Checkpoints, epochs: int) -> State | None:
    """Return the state of process 0 after the most epochs, at most `epochs`, in every process; None if it has none."""
    index, processes = process_index_and_count()
    state = checkpoints.latest(epochs) if index == 0 else None
    if processes == 1:
        return state
    data = broadcast(encode(state) if state else b"")
    return decode(data) if data else None
