"""torchvision that imports whatever torch it meets. Import it from here, and this before transformers.

A CPU build of torch beside a torchvision wheel built for CUDA cannot load torchvision's C++ operators, and then
`import torchvision` fails while it registers the shapes of two of them, `nms` and `qnms`. Declaring the two makes
the import work: transforms and classifiers need neither. (transformers imports torchvision by itself.)
"""

from __future__ import annotations

import sys

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_library: torch.library.Library | None = None  # kept for as long as the process lives: the schemas die with it

try:
    import torchvision
except RuntimeError as error:
    if "torchvision::" not in str(error):
        raise
    for module in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[module]
    _library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        _library.define(schema)  # type: ignore[no-untyped-call]
    import torchvision

__all__ = ["torchvision"]
