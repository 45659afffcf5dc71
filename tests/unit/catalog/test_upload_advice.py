"""What readers say to who runs commands is said to who looks at the page, which has fields for it."""

from __future__ import annotations

import pytest

from catalog.uploads.advice import word_for_pages


@pytest.mark.parametrize(
    ("said", "worded"),
    [
        (
            "This is JSON, not CSV: pass --format jsonl, or shopify-json for that of Shopify.",
            "This is JSON, not CSV: choose the format jsonl above.",
        ),
        ("which is not UTF-8; save the file as UTF-8, or pass --encoding gb18030, which it seems to be",
         "which is not UTF-8; save the file as UTF-8, or choose the encoding gb18030, which it seems to be"),
        ("two things, or pass --decimal point or --decimal comma", "two things, or choose the decimal mark"),
        ("price is missing", "price is missing"),
    ],
)  # fmt: skip
def test_options_become_choices(said, worded):
    assert word_for_pages(said) == worded
