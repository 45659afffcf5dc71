"""EfficientNet-Lite's weights read without torch, from the file of pickles in which torch kept them before 1.6.

Its pickles, in order: a magic number, the version, the sizes of types, the dictionary of tensors, the keys of their
storages. Then each storage: how many numbers (8 bytes) and the numbers. The registry has checked the file's sha256; no
class but those named here is made of it all the same.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor's numbers are: the first of them, and how far it is to the next one along each axis."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class TensorPickle(pickle.Unpickler):
    """Reads the dictionary of tensors, and notes what type of numbers each storage has."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.dtypes: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: StoredTensor(storage, offset, shape, strides)
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"no weights have a {module}.{name}")

    def persistent_load(self, pid: Any) -> str:
        _, dtype, key, *_ = pid
        self.dtypes[key] = dtype
        return str(key)


def read_weights(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file by their names. Raises ValueError where it is of another kind."""
    with path.open("rb") as file:
        if TensorPickle(file).load() != MAGIC:
            raise ValueError(f"{path} is not a file of torch's weights as they were kept before 1.6.")
        for _ in ("version", "sizes of types"):
            TensorPickle(file).load()
        tensors = TensorPickle(file)
        stored: dict[str, StoredTensor] = tensors.load()
        storages: dict[str, npt.NDArray[Any]] = {}
        for key in TensorPickle(file).load():
            (count,) = np.fromfile(file, "<i8", 1)
            storages[key] = np.fromfile(file, tensors.dtypes[key], count)
    return {name: _cut(storages[tensor.storage], tensor) for name, tensor in stored.items()}


def _cut(numbers: npt.NDArray[Any], tensor: StoredTensor) -> npt.NDArray[Any]:
    strides = [numbers.itemsize * stride for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False)
