"""A packaged image network written as ONNX, in a process of its own that has torch and ends.

Whoever wants the network may live for months, and torch would take 400 MB of it for a second's work.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from embeddings.encoders.base import EncoderUnavailable
from embeddings.encoders.preprocessing import Preprocessing


def export_elsewhere(name: str, weights: Path, path: Path, *, how: Preprocessing, **heads: str | int) -> None:
    """Write a packaged network with its weights to `path`. `heads` is the rest of what `lite_torch.build_lite` takes.

    Raises EncoderUnavailable.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps({"name": name, "weights": str(weights), "path": str(path), "how": asdict(how)} | heads),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip()[-500:] or f"status {done.returncode}"
        raise EncoderUnavailable(f"{name} could not be written as ONNX: {said}")


def export_described() -> None:
    """The other end: read from stdin what to write."""
    from embeddings.encoders.packaged.lite_torch import build_lite, export_lite

    asked = json.load(sys.stdin)
    path, weights, how = Path(asked.pop("path")), Path(asked.pop("weights")), Preprocessing(**asked.pop("how"))
    export_lite(build_lite(asked.pop("name"), weights, how=how, **asked), path)


if __name__ == "__main__":
    export_described()
