"""What spark-submit runs: `spark-submit --master ... embeddings/distributed/job.py [--space NAME] ...`.

The same as `manage.py embed_distributed`, with master and settings as spark-submit was given them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> None:
    """Run the command in the session that spark-submit has begun."""
    sys.path.insert(0, str(PROJECT))  # spark-submit puts the folder of this file there
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

    from django.core.management import execute_from_command_line

    execute_from_command_line([__file__, "embed_distributed", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
