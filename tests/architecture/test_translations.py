"""Every text that is marked to be translated is translated, in code and in templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.apps import apps
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import translation

# Texts of Django's admin and of axes, which have no Chinese of their own.
BORROWED = {
    "Model name", "Add link", "Change or view list link",
    "Locked Out", "Attempt Remaining", "Form Data", "Meta Data", "Not set", "Clean up expired attempts",
    "After you’ve created a user, you’ll be able to edit more user options.",
    "Whether the user will be able to authenticate using a password or not. If disabled, they may still be able to "
    "authenticate using other backends, such as Single Sign-On or LDAP.",
}  # fmt: skip
PROJECT = Path(__file__).resolve().parents[2]
APPS = ("api", "behaviour", "catalog", "config", "embeddings", "recommendations")
MARKS = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "PictureError",
    "SoundError",
    "DamagedPicture",
}
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


def read_models() -> Iterator[str]:
    for model in apps.get_models():
        yield from (str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
        for field in model._meta.local_fields:
            yield from (str(field.verbose_name), str(field.help_text))
            yield from (str(label) for _, label in field.choices or [])


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


def test_nothing_is_translated_that_nobody_says():
    translated = set(read_chinese())
    said = {*dict(read_code()), *dict(read_templates()), *read_models(), *BORROWED}
    assert sorted(translated - said) == []


GLOSSARY = re.compile(r"^\| ([\w ,-]+) \| ([^|]+) \|$", re.MULTILINE)
# Commands, what is quoted, files and routes, values: a word in them is a name.
NAMES = re.compile(r"`[^`]*`|“[^”]*”|manage\.py .*|[\w./]*[/.]\w[\w./]*|%(?:\(\w+\))?[sdr]|%%|\{[^}]*\}|<[^>]*>")
AMISS = re.compile(
    r"你|[一-鿿][,;:?!]|[,;:?!][一-鿿]|[一-鿿][A-Za-z0-9]|[A-Za-z0-9%][一-鿿]|[一-鿿]\([一-鿿]|[^…]…(?!…)$"
)


def read_chinese() -> dict[str, str]:
    with (PROJECT / "locale/zh_Hans/LC_MESSAGES/django.mo").open("rb") as file:
        catalogue = GNUTranslations(file)._catalog
    return {key if isinstance(key, str) else key[0]: text for key, text in catalogue.items() if key}


def test_a_word_of_the_glossary_is_always_the_same_word_in_chinese():
    page = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8").partition("### In Chinese")[2]
    rows = GLOSSARY.findall(page)[2:]  # below its head
    assert len(rows) > 40
    messages = [(NAMES.sub("", key), key, text) for key, text in read_chinese().items()]
    otherwise = []
    for words, chinese in rows:
        word = re.compile(rf"(?<![\w-])({'|'.join(words.split(', '))})(?![\w-])", re.IGNORECASE)
        told = [(key, text) for bare, key, text in messages if word.search(bare)]
        assert told, f"no message says {words}: take its row away"
        otherwise += [(words, key) for key, text in told if not any(one in text for one in chinese.split("、"))]
    assert otherwise == []


def test_the_chinese_is_set_as_chinese():
    """Marks beside Chinese have full width, the reader is 您, and Latin words and numbers stand apart by a space."""
    assert [text for text in read_chinese().values() if AMISS.search(NAMES.sub("", text))] == []
