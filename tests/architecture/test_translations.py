"""Every text that is marked to be translated is translated, in code and in templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import translation

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("api", "catalog", "config", "embeddings", "recommendations")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "PictureError"}
IN_TEMPLATES = re.compile(r"\b(?:_|gettext|ngettext)\((u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")")


def read_code() -> Iterator[tuple[str, str]]:
    for path in (path for app in APPS for path in (PROJECT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            text = node.args[0]
            if name in MARKS and isinstance(text, ast.Constant):
                yield str(text.value), path.name


def read_templates() -> Iterator[tuple[str, str]]:
    for path in (PROJECT / "templates").rglob("*.html"):
        for text in IN_TEMPLATES.findall(templatize(path.read_text(), origin=str(path))):
            yield ast.literal_eval(text), path.name


@pytest.mark.parametrize("language", ["zh-hans"])
@pytest.mark.parametrize("read", [read_code, read_templates])
def test_every_marked_text_is_translated(language, read):
    known = translation(language)._catalog  # with that of Django's admin, whose words our pages use
    marked = dict(read())
    assert len(marked) > 30
    assert [(text, where) for text, where in marked.items() if text not in known and (text, 0) not in known] == []
