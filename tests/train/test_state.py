import numpy as np
import pytest

from met_culture.train.state import State, decode, encode

STATE = State(({"epoch": 1, "val_loss": 0.1 / 3},), (np.float32(1).reshape(()),), (np.arange(12),))


def test_equal_states_are_equal_bytes_and_come_back() -> None:
    assert encode(STATE) == encode(STATE)
    state = decode(encode(STATE))
    assert state.rows == STATE.rows
    for original, array in ((STATE.variables[0], state.variables[0]), (STATE.best[0], state.best[0])):
        assert (array.tobytes(), array.dtype, array.shape) == (original.tobytes(), original.dtype, original.shape)


def test_the_order_of_many_arrays_is_kept() -> None:
    state = decode(encode(State(best=tuple(np.array(index) for index in range(12)))))
    assert [int(array) for array in state.best] == list(range(12))
    assert (state.rows, state.variables) == ((), ())


@pytest.mark.parametrize("data", [b"", encode(STATE)[:-1], b"0" + encode(STATE)[1:]])
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="hash"):
        decode(data)
