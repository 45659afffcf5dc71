"""What Spark says as it gives up, in one sentence; no Spark here."""

from __future__ import annotations

import pytest

from embeddings.distributed.spark import find_reason

JAVA = "java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (f"An error occurred while calling o41.parquet.\n: {JAVA}\n\tat org.apache.hadoop.conf.Configuration\n", JAVA),
        (f"{JAVA}\n\tat org.apache.hadoop.conf.Configuration\n", JAVA),
        ("An error occurred while calling o9.count.\n: org.apache.spark.SparkException: Job aborted: "
         "Traceback (most recent call last):\n  File \"x.py\", line 1\n    y\nLookupError: no such space\n\n\tat z\n",
         "LookupError: no such space"),
    ],
    ids=["by-py4j", "java", "python"],
)  # fmt: skip
def test_the_reason_is_the_line_that_names_the_error(said, reason):
    assert find_reason(said) == reason
