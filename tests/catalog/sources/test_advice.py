"""What a run says to do can be done to a source: it has a kind, and its pictures lie beside its file."""

from __future__ import annotations

import ast
import re

import pytest

from catalog.models import SourceRun
from catalog.sources.advice import word_for_sources
from config.services.paths import BASE_DIR

SHOPIFY = "Handle,Title,Variant SKU,Variant Price\nmug,Mug,A,9.00\n"


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("csv", SHOPIFY, "This is an export of Shopify: give the source the kind shopify."),
        ("csv", "[]", "This is JSON, not CSV: give the source the kind jsonl, or shopify for that of Shopify."),
        (
            "google",
            "sku,title\nA,Mug\n",
            "The file has no column id: give the source the kind csv. It has: sku, title.",
        ),
    ],
)
def test_a_feed_of_another_kind_says_which_kind_the_source_has_to_have(feed, kind, content, said):
    source = feed.add(kind=kind)
    feed.path.write_text(content)

    run = feed.read(source)

    assert (run.state, source.failures) == (SourceRun.State.FAILED, 1)
    assert word_for_sources(run.error) == said


def test_a_picture_that_two_addresses_could_mean_belongs_beside_the_feed(feed):
    source = feed.add()
    (feed.path.parent / "1.jpg").write_bytes(b"")
    feed.write("A,Mug,https://c.example/a/1.jpg", "B,Cup,https://c.example/b/1.jpg", columns="sku,title,images")

    assert list(map(word_for_sources, feed.read(source).warnings)) == [
        "The file 1.jpg could be any of https://c.example/a/1.jpg, https://c.example/b/1.jpg, and is taken for none: "
        "put each beside the feed, at the path of its URL."
    ]


def find_advice() -> list[str]:
    """Return each text of the importers that names an option which a source does not have."""
    found = []
    for path in sorted((BASE_DIR / "catalog" / "importers").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        documented = [node for node in nodes if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
        docs = {ast.get_docstring(node, clean=False) for node in documented}
        texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        found += [text for text in texts if text not in docs and ("--format" in text or "--images" in text)]
    return found


@pytest.mark.parametrize("text", find_advice())
def test_no_reader_advises_a_source_an_option_of_import_products(text):
    said = word_for_sources(re.sub(r"%\(\w+\)[rs]", "csv", text) + "csv")  # where it ends before the format's name
    assert "--format" not in said
    assert "--images" not in said
