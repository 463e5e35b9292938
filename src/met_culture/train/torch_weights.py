"""Read tensors from a PyTorch file without PyTorch, and without the code that a pickle may hold.

A legacy file (before PyTorch 1.6) is a row of pickles, magic number, protocol, system and tensors with their storages'
names, then the names in the order of the bytes that follow. Source: torch/serialization.py, `_legacy_save`.
"""

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# What a dictionary of tensors is written with. Nothing here imports, calls or builds but by `find_class` below.
# fmt: off
OPCODES = frozenset({
    "PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE",
    "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "APPEND", "APPENDS", "SETITEM",
    "SETITEMS", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "GLOBAL", "REDUCE", "BUILD", "BINPERSID",
})
# fmt: on
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class TorchFileError(Exception):
    """The file is damaged, or holds more than tensors."""


@dataclass
class _Storage:
    dtype: np.dtype
    size: int  # elements
    data: np.ndarray | None = None


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self) -> np.ndarray:
        if len(self.shape) != len(self.stride) or 0 in self.shape:
            raise TorchFileError("a tensor has no shape that fits its strides")
        last = self.offset + sum((length - 1) * step for length, step in zip(self.shape, self.stride, strict=True))
        if last >= self.storage.size or math.prod(self.shape) > self.storage.size:  # a stride of 0 would repeat it
            raise TorchFileError("a tensor lies outside its storage")
        start = self.storage.data[self.offset :]
        steps = [step * start.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(start, self.shape, steps, writeable=False).copy()


class _Tensors(OrderedDict):
    def __setstate__(self, state: Any) -> None:  # noqa: ANN401 - `_metadata` of modules' versions, of no use here
        pass


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *rest: Any) -> _Tensor:  # noqa: ANN401 - untrusted
    numbers = isinstance(shape, tuple) and isinstance(stride, tuple) and (offset, *shape, *stride)
    if not isinstance(storage, _Storage) or not numbers or not all(type(n) is int and n >= 0 for n in numbers):
        raise TorchFileError("a tensor is not described by a storage and whole numbers")
    return _Tensor(storage, offset, shape, stride)


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - one of ours
        allowed = {("collections", "OrderedDict"): _Tensors, ("torch._utils", "_rebuild_tensor_v2"): _tensor}
        allowed |= {("torch", storage): dtype for storage, dtype in STORAGES.items()}
        if (module, name) not in allowed:
            raise TorchFileError(f"it asks for {module}.{name}, which no tensor needs")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - untrusted
        match pid:
            case ("storage", np.dtype() as dtype, str(key), "cpu", int(size), None) if size >= 0:
                return self.storages.setdefault(key, _Storage(dtype, size))
        raise TorchFileError("a storage is not described as one of the CPU")


def _pickled(file: io.BytesIO, reader: type[pickle.Unpickler] = _Reader) -> tuple[Any, _Reader]:
    start = file.tell()
    for opcode, _, _ in pickletools.genops(file):
        if opcode.name not in OPCODES:
            raise TorchFileError(f"its pickle holds {opcode.name}, which no tensor needs")
    end = file.tell()
    file.seek(start)
    unpickler = reader(io.BytesIO(file.read(end - start)))
    return unpickler.load(), unpickler


def read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Return the tensors of a legacy PyTorch file by name, float32 or int64; nothing in it is executed.

    Raises:
        TorchFileError: The file is damaged, of another format, or holds anything beyond tensors.
    """
    file = io.BytesIO(data)
    try:
        if _pickled(file)[0] != MAGIC or _pickled(file)[0] != PROTOCOL or not _pickled(file)[0]["little_endian"]:
            raise TorchFileError("it is no legacy PyTorch file of a little-endian machine")
        tensors, reader = _pickled(file)
        for key in _pickled(file)[0]:
            storage = reader.storages[key]
            (size,) = np.frombuffer(file.read(8), "<i8")
            if size != storage.size:
                raise TorchFileError(f"storage {key} has another size than its tensors say")
            storage.data = np.frombuffer(file.read(size * storage.dtype.itemsize), storage.dtype, count=size)
        if not isinstance(tensors, dict) or not all(isinstance(each, _Tensor) for each in tensors.values()):
            raise TorchFileError("it holds something else than tensors by name")
        return {str(name): tensor.array() for name, tensor in tensors.items()}
    except TorchFileError:
        raise
    # pickle and NumPy raise many types on what is damaged.
    except Exception as error:
        raise TorchFileError(f"it is damaged ({type(error).__name__}: {error})") from None
