"""ONNX Runtime: networks that run without torch, on processors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy.typing as npt
import onnxruntime

from embeddings.encoders.base import Array
from embeddings.encoders.device import make_way
from embeddings.encoders.machine import usable_processors

LOG_ERRORS_ONLY = 3

Feeds = dict[str, npt.NDArray[Any]]


class OnnxNetwork:
    """A network, serialised ONNX. Safe to call from several threads."""

    def __init__(self, network: bytes, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        # Several small batches at once, each on one processor: nothing waits for anything, and what one batch needs
        # fits the caches.
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # should there be threads after all
        options.enable_cpu_mem_arena = False  # it keeps for ever what the largest batch took; as fast without it
        options.log_severity_level = LOG_ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
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
