"""A network for ONNX Runtime put together node by node, from weights that are arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 10
MICROSOFT = "com.microsoft"  # https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md


class OnnxGraph:
    """Collects nodes and constants. Values are named by what they hold."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        """Hold an array under a name, once however often it is asked, and return the name."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str, *, domain: str = "", **attributes: Any) -> str:
        """Put a node after those that are there; return the name of its output."""
        self._nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def finish(self, name: str, *, inputs: Sequence[Any], outputs: Sequence[Any]) -> ModelProto:
        """Return the network. Inputs and outputs as `onnx.helper.make_tensor_value_info` describes them."""
        graph = helper.make_graph(self._nodes, name, list(inputs), list(outputs), list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
