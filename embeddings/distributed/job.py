"""What spark-submit runs: `spark-submit --master ... embeddings/distributed/job.py [--space NAME] ...`.

The same as `manage.py embed_distributed`, embedded servers included, with master and settings as spark-submit was
given them.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> None:
    """Run the command in the session that spark-submit has begun."""
    sys.path.insert(0, str(PROJECT))  # spark-submit puts the folder of this file there
    program = str(PROJECT / "manage.py")
    sys.argv = [program, "embed_distributed", *arguments]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
