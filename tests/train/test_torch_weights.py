import io
import pickle
import struct
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from met_culture.train.torch_weights import MAGIC, PROTOCOL, TorchFileError, read_tensors


class _Named:
    """Pickles as a global of a module that is not here."""

    def __init__(self, module: str, name: str) -> None:
        self.line = f"c{module}\n{name}\n".encode()


class _Writer(pickle._Pickler):  # the C one does not let globals be made up
    def save(self, thing: Any, save_persistent_id: bool = True) -> None:
        if isinstance(thing, _Named):
            self.write(thing.line)
        elif isinstance(thing, _Call):
            self.save(thing.function)
            self.save(thing.arguments)
            self.write(pickle.REDUCE)
        elif isinstance(thing, _Storage):
            self.save(thing.pid)
            self.write(pickle.BINPERSID)
        else:
            super().save(thing, save_persistent_id)


class _Call:
    def __init__(self, function: _Named, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


class _Storage:
    def __init__(self, key: str, size: int, kind: str = "FloatStorage") -> None:
        self.pid = ("storage", _Named("torch", kind), key, "cpu", size, None)


def tensor(storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> _Call:
    rebuild = _Named("torch._utils", "_rebuild_tensor_v2")
    return _Call(rebuild, storage, offset, shape, stride, False, _Call(_Named("collections", "OrderedDict")))


def file(tensors: Any, storages: dict[str, np.ndarray]) -> bytes:
    out = io.BytesIO()
    for part in (MAGIC, PROTOCOL, {"little_endian": True}, tensors, list(storages)):
        _Writer(out, 2).dump(part)
    for data in storages.values():
        out.write(struct.pack("<q", data.size) + data.tobytes())
    return out.getvalue()


DATA = np.arange(12, dtype="<f4")


def test_tensors_of_any_strides_and_offsets() -> None:
    storage = _Storage("0", 12)
    tensors = {
        "rows": tensor(storage, 0, (3, 4), (4, 1)),
        "columns": tensor(storage, 0, (4, 3), (1, 4)),
        "part": tensor(storage, 5, (2,), (1,)),
        "number": tensor(_Storage("1", 1, "LongStorage"), 0, (), ()),
    }
    got = read_tensors(file(tensors, {"0": DATA, "1": np.array([7], "<i8")}))
    assert got["rows"].tolist() == DATA.reshape(3, 4).tolist()
    assert got["columns"].tolist() == DATA.reshape(3, 4).T.tolist()
    assert got["part"].tolist() == [5, 6]
    assert got["number"] == 7


@pytest.mark.parametrize(
    "call",
    [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("numpy", "load"), ("collections", "Counter")],
)
def test_no_other_name_is_looked_up(call: tuple[str, str]) -> None:
    with pytest.raises(TorchFileError, match=rf"{call[0]}\.{call[1]}"):
        read_tensors(file({"x": _Call(_Named(*call), "echo")}, {}))


def test_no_other_opcode_is_run() -> None:
    with pytest.raises(TorchFileError, match="BINFLOAT"):
        read_tensors(file({"x": 0.5}, {}))
    with pytest.raises(TorchFileError, match=r"STACK_GLOBAL|MEMOIZE|FRAME|SHORT_BINUNICODE"):
        read_tensors(pickle.dumps(OrderedDict, 4))


@pytest.mark.parametrize(
    ("offset", "shape", "stride"),
    [(0, (13,), (1,)), (12, (1,), (1,)), (0, (2, 4), (12, 1)), (-1, (1,), (1,)), (0, (2,), ()), (0, (0,), (1,)),
     (0, (2,), (10**12,)), (0, (2,), (True,)), (0, (10**12,), (0,))],
)  # fmt: skip
def test_no_tensor_reaches_beyond_its_storage(offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
    with pytest.raises(TorchFileError):
        read_tensors(file({"x": tensor(_Storage("0", 12), offset, shape, stride)}, {"0": DATA}))


def test_damaged_or_other_files_are_refused() -> None:
    whole = file({"x": tensor(_Storage("0", 12), 0, (12,), (1,))}, {"0": DATA})
    assert read_tensors(whole)["x"].tolist() == DATA.tolist()
    for end in (0, 1, 20, len(whole) // 2, len(whole) - 1):
        with pytest.raises(TorchFileError):
            read_tensors(whole[:end])
    with pytest.raises(TorchFileError):
        read_tensors(b"PK\x03\x04" + whole)
    with pytest.raises(TorchFileError):
        read_tensors(file([1], {}))


def test_a_storage_of_absurd_size_allocates_nothing() -> None:
    content = file({"x": tensor(_Storage("0", 2**60), 0, (1,), (1,))}, {"0": DATA})
    honest, absurd = struct.pack("<q", 12), struct.pack("<q", 2**60)
    assert honest in content
    with pytest.raises(TorchFileError, match="damaged"):
        read_tensors(content.replace(honest, absurd))
    with pytest.raises(TorchFileError, match="size of storage 0 does not fit"):
        read_tensors(content)
