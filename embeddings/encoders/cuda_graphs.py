"""CUDA graphs: the kernels of a batch are recorded once for each shape, and started all at once from then on.

A small network is some 200 kernels, which Python starts one by one; a GPU is through with them sooner than that. A
graph needs no compiler on the machine that serves, as torch.compile would.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

logger = logging.getLogger(__name__)

RECORDED_AFTER = 2  # runs of a shape: one that never comes again is not worth it, and kernels are chosen by then
MOST_GRAPHS = 32  # each keeps its inputs and outputs; what lies between, all share
MOST_SEEN = 1000  # shapes that are counted

Inputs = dict[str, torch.Tensor]
Forward = Callable[[Any, Inputs], torch.Tensor]


class CudaGraphs:
    """The graphs of one network on one GPU. What a graph gives is overwritten by the next that is run."""

    def __init__(self) -> None:
        self.lock = threading.Lock()  # held until the copy of the output is on its way, too: all run in one stream
        self._seen: Counter[object] = Counter()
        self._graphs: dict[object, _Graph] = {}
        self._pool: Any = None
        self._is_off = False

    def run(self, forward: Forward, network: Any, inputs: Inputs) -> torch.Tensor | None:
        """Return the output of a recorded graph, (n, dim) on the GPU; None where this shape has to be run as it is.

        `inputs` are in pinned memory. To be called with `lock` held, in the precision that the network is to run in.
        """
        key = (forward, *((name, tensor.shape, tensor.dtype) for name, tensor in inputs.items()))
        if key not in self._graphs and self._is_due(key):
            try:
                self._pool = self._pool or torch.cuda.graph_pool_handle()
                self._graphs[key] = _Graph(lambda own: forward(network, own), inputs, pool=self._pool)
            except RuntimeError as error:  # no memory for it, or the network looks at its numbers on the way
                self._is_off = True
                logger.info("No more shapes of %s are recorded: %s", type(network).__name__, error)
        graph = self._graphs.get(key)
        return graph.run(inputs) if graph else None

    def _is_due(self, key: object) -> bool:
        if self._is_off or len(self._graphs) == MOST_GRAPHS:
            return False
        if len(self._seen) == MOST_SEEN:  # sounds, each of a length of its own
            self._seen.clear()
        self._seen[key] += 1
        return self._seen[key] > RECORDED_AFTER


class _Graph:
    """One recorded shape."""

    def __init__(self, forward: Callable[[Inputs], torch.Tensor], inputs: Inputs, *, pool: Any) -> None:
        self._inputs = {name: tensor.to("cuda") for name, tensor in inputs.items()}
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):  # what libraries set up at their first call in a stream must not be recorded
            forward(self._inputs)
        torch.cuda.current_stream().wait_stream(beside)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may use the GPU meanwhile: they prepare batches, and encode for other networks.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._output = forward(self._inputs).float()

    def run(self, inputs: Inputs) -> torch.Tensor:
        for name, tensor in inputs.items():
            self._inputs[name].copy_(tensor, non_blocking=True)
        self._graph.replay()
        return self._output
