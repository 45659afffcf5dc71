"""ONNX Runtime: networks exported from torch on first use, kept under KINDRED_HOME/encoders, and run without torch."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import onnxruntime

from embeddings.encoders.base import Array
from embeddings.encoders.device import make_way
from embeddings.encoders.machine import usable_processors
from embeddings.encoders.weights import encoders_home

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

EXPORT_VERSION = 1  # raise it when an export of the same network would give another file
OPSET = 17
LOG_ERRORS_ONLY = 3
# What the exported file depends on. onnxruntime is not among them: it reads files that older versions read.
EXPORTERS = ("torch", "efficientnet-lite-pytorch")

Feeds = dict[str, npt.NDArray[Any]]
Export = Callable[[Path], None]


class OnnxNetwork:
    """An exported network. Safe to call from several threads."""

    def __init__(self, network: Path | bytes, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        # Several small batches at once, each on one processor: nothing waits for anything, and what one batch needs
        # fits the caches.
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # should there be threads after all
        options.enable_cpu_mem_arena = False  # it keeps for ever what the largest batch took; as fast without it
        options.log_severity_level = LOG_ERRORS_ONLY
        source = network if isinstance(network, bytes) else str(network)
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self._threads = threads or usable_processors()
        self._callers = threading.local()

    def start(self, batches: Sequence[Feeds]) -> list[Callable[[], Array]]:
        """Start the network on each of several inputs; return functions that wait for its output.

        Nobody waits behind another's batch: each calling thread has threads of its own, which make way for everything
        else on the machine, and a single input, such as a visitor's query, is run by the caller at once.
        """
        if len(batches) == 1:
            output = self._run(batches[0])
            return [lambda: output]
        return [self._pool.submit(self._run, feeds).result for feeds in batches]

    @property
    def _pool(self) -> ThreadPoolExecutor:
        """The calling thread's; it ends with it."""
        if not hasattr(self._callers, "pool"):
            self._callers.pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encode", initializer=make_way)
        pool: ThreadPoolExecutor = self._callers.pool
        return pool

    def _run(self, feeds: Feeds) -> Array:
        output: Array = self._session.run(None, feeds)[0]
        return output


def open_network(identity: str, export: Export) -> OnnxNetwork:
    """Return the network of `identity`, exported now where no other process did so before.

    A file that ONNX Runtime cannot read (a disk that was full, say) is exported again, once.
    """
    path = cached_path(identity)
    if not path.exists():
        _export_once(path, export)
    try:
        return OnnxNetwork(path)
    except Exception as error:  # onnxruntime raises classes of its own that share no public base
        logger.warning("%s cannot be read (%s): exporting it again.", path, error)
        path.unlink(missing_ok=True)
        _export_once(path, export)
        return OnnxNetwork(path)


def cached_path(identity: str) -> Path:
    """Return where the export of an identity is kept: its name changes with the weights and the exporting versions."""
    versions = [f"{package}={version(package)}" for package in EXPORTERS]
    key = "\x1f".join([identity, f"export={EXPORT_VERSION}", *versions])
    name = "".join(c if c.isalnum() else "-" for c in identity.partition("#")[0])[:60]
    return encoders_home() / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.onnx"


def _export_once(path: Path, export: Export) -> None:
    """Write `path` whole or not at all. Of several processes one exports and the others wait for its file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.with_suffix(".lock")):
        if path.exists():
            return
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            export(unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # given back by the system when the process ends, however it ends
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)


def export_module(
    module: torch.nn.Module, path: Path, *, inputs: dict[str, torch.Tensor], dynamic: dict[str, dict[int, str]]
) -> None:
    """Write `module` as ONNX. `dynamic` names the axes of each input and of `vectors` whose length may change.

    By torch's TorchScript exporter: it takes 1 to 2 s where the newer one takes 13, and gave the faster network.
    """
    import torch

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # deprecation of the exporter, and shapes that the tracer takes as constants
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=["vectors"],
            dynamic_axes=dynamic,
        )
