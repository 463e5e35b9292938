"""Read tensors from a PyTorch file without PyTorch, and without running code from its pickles.

A legacy file (before PyTorch 1.6) is a sequence of pickles: magic number, protocol, system, tensors with the names of
their storages, and these names in the order of the bytes that follow. Source: torch/serialization.py, `_legacy_save`.
"""

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# A dictionary of tensors needs only these. They can import and call only what `find_class` below allows.
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
    data: np.ndarray = field(default_factory=lambda: np.empty(0))  # read after the tensors, which refer to it


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self) -> np.ndarray:
        if len(self.shape) != len(self.stride) or 0 in self.shape:
            raise TorchFileError("the shape of a tensor does not fit its strides")
        last = self.offset + sum((length - 1) * step for length, step in zip(self.shape, self.stride, strict=True))
        if last >= self.storage.size or math.prod(self.shape) > self.storage.size:  # a stride of 0 repeats elements
            raise TorchFileError("a tensor lies outside its storage")
        start = self.storage.data[self.offset :]
        steps = [step * start.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(start, self.shape, steps, writeable=False).copy()


class _Tensors(OrderedDict):
    def __setstate__(self, state: Any) -> None:  # noqa: ANN401 - `_metadata` of modules' versions, not needed here
        pass


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *rest: Any) -> _Tensor:  # noqa: ANN401 - untrusted
    if not isinstance(storage, _Storage) or not isinstance(shape, tuple) or not isinstance(stride, tuple):
        raise TorchFileError("a tensor is not described by a storage, a shape and strides")
    # `type` and not isinstance, because True is an int too.
    if not all(type(number) is int and number >= 0 for number in (offset, *shape, *stride)):
        raise TorchFileError("a tensor is not described by whole numbers")
    return _Tensor(storage, offset, shape, stride)


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - a class or function
        allowed = {("collections", "OrderedDict"): _Tensors, ("torch._utils", "_rebuild_tensor_v2"): _tensor}
        allowed |= {("torch", storage): dtype for storage, dtype in STORAGES.items()}
        if (module, name) not in allowed:
            raise TorchFileError(f"it uses {module}.{name}, which no tensor needs")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 - untrusted
        match pid:
            case ("storage", np.dtype() as dtype, str(key), "cpu", int(size), None) if size >= 0:
                return self.storages.setdefault(key, _Storage(dtype, size))
        raise TorchFileError("a storage is not described as one on the CPU")


def _unpickle(file: io.BytesIO) -> tuple[Any, dict[str, _Storage]]:
    start = file.tell()
    for opcode, _, _ in pickletools.genops(file):
        if opcode.name not in OPCODES:
            raise TorchFileError(f"its pickle holds {opcode.name}, which no tensor needs")
    end = file.tell()
    file.seek(start)
    reader = _Reader(io.BytesIO(file.read(end - start)))
    return reader.load(), reader.storages


def _check_header(file: io.BytesIO) -> None:
    # One after the other, because the bytes after a wrong value need not be a pickle.
    for expected in (MAGIC, PROTOCOL):
        value, _ = _unpickle(file)
        if value != expected:
            raise TorchFileError(f"it is not a legacy PyTorch file ({value!r} instead of {expected})")
    system, _ = _unpickle(file)
    if not system["little_endian"]:
        raise TorchFileError("it was not written by a little-endian machine")


def _read_tensors(file: io.BytesIO) -> dict[str, np.ndarray]:
    _check_header(file)
    tensors, storages = _unpickle(file)
    keys, _ = _unpickle(file)
    for key in keys:
        storage = storages[key]
        (size,) = np.frombuffer(file.read(8), "<i8")
        if size != storage.size:
            raise TorchFileError(f"the size of storage {key} does not fit its tensors")
        storage.data = np.frombuffer(file.read(size * storage.dtype.itemsize), storage.dtype, count=size)
    if not isinstance(tensors, dict) or not all(isinstance(tensor, _Tensor) for tensor in tensors.values()):
        raise TorchFileError("it holds something other than tensors by name")
    return {str(name): tensor.array() for name, tensor in tensors.items()}


def read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Return the tensors of a legacy PyTorch file by name, float32 or int64; no code in it is executed.

    Raises:
        TorchFileError: The file is damaged, has another format, or holds anything but tensors.
    """
    try:
        return _read_tensors(io.BytesIO(data))
    except TorchFileError:
        raise
    # pickle and NumPy raise many exception types for a damaged file.
    except Exception as error:
        raise TorchFileError(f"it is damaged ({type(error).__name__}: {error})") from None
