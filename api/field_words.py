"""A field's own nouns in every sentence: where a shop has products, a teaching file has cases.

The sentences are those of the project's catalogue of messages. As the process starts, each that has one of the nouns
is put into Django's catalogues as this field says it, in English and in Chinese, so that pages, admin and API speak
alike, and no template knows of it. A shop, whose field says no nouns, has nothing done.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from gettext import NullTranslations
from pathlib import Path

from django.conf import settings
from django.utils.translation.trans_real import translation

from api.field import Field, Noun

CHINESE = {  # what a shop calls them, as the glossary in docs/architecture.md has it
    "product": "商品", "shop": "商店|本店", "shopper": "顾客", "category": "分类", "brand": "品牌", "SKU": "SKU",
}  # fmt: skip
SHELVES = (("在售", "展示中的"), ("上架", "显示"), ("下架", "隐藏"))  # where nothing is sold
MEASURE = re.compile(r"[件种](?=\w{0,4}商品)")  # the word between a number and the goods
COLUMN, STEP = struct.Struct("<2I"), 8  # of a table of a .mo file: length and place of each text


def teach_nouns(field: Field) -> None:
    """Have every message that is looked up from now on say the nouns of `field`."""
    if not field.nouns:
        return
    english, chinese = _say_english(field.nouns), _say_chinese(field.nouns)
    own: dict[str, dict[str | tuple[str, int], str]] = {"en": {}, "zh-hans": {}}
    for forms, text in read_messages(Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.mo"):
        said, told = [english(form) for form in forms], chinese(text)
        is_plural = len(forms) > 1
        for number, form in enumerate(said):
            own["en"][(forms[0], number) if is_plural else forms[0]] = form
        for form in {forms[0], said[0]}:  # what a worker stored in English is looked up by what it said
            own["zh-hans"][(form, 0) if is_plural else form] = told
    _merge("en", own["en"], lambda count: int(count != 1))
    _merge("zh-hans", own["zh-hans"], lambda _count: 0)


def _merge(language: str, messages: Mapping[str | tuple[str, int], str], plural: Callable[[int], int]) -> None:
    found = NullTranslations()
    found._catalog, found.plural = dict(messages), plural  # type: ignore[attr-defined]  # noqa: SLF001 - as gettext reads it from a file
    translation(language).merge(found)


def read_messages(path: Path) -> Iterator[tuple[list[str], str]]:
    """Yield each message of a compiled catalogue, one form or singular and plural, with its (first) translation.

    gettext itself keeps no plural: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html has the format.
    """
    content = path.read_bytes()
    count, forms_at, texts_at = struct.unpack_from("<3I", content, STEP)
    for number in range(count):
        form, text = (
            content[place : place + length].decode()
            for length, place in (COLUMN.unpack_from(content, at + STEP * number) for at in (forms_at, texts_at))
        )
        if form:  # without one it is the head of the file
            yield form.split("\0"), text.split("\0")[0]


def _say_english(nouns: Mapping[str, Noun]) -> Callable[[str], str]:
    words: dict[str, str] = {}
    for noun, (one, many, _) in nouns.items():
        plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
        words |= {noun: one, plural: many, noun[0].upper() + noun[1:]: one, plural[0].upper() + plural[1:]: many}
    known = "|".join(sorted(words, key=len, reverse=True))
    # not in addresses, options, names of files and places of values: /products/, --shop-url, products.json, %(product)s
    pattern = re.compile(rf"(?<!%\()(?<![\w/{{.-])(?:\b([Aa])n? )?\b({known})\b(?![/(_-]|\.\w)")

    def replace(found: re.Match[str]) -> str:
        article, noun = found.groups()
        begins = noun[0].isupper() and (noun[1:2].islower() or found.start() == 0)
        word = words[noun][0].upper() + words[noun][1:] if begins else words[noun]
        return f"{article}{'n' if word[0].lower() in 'aeiou' else ''} {word}" if article else word

    # The sound of a product that is a sound itself: its file.
    doubled = re.compile("|".join(rf"\b({one}) {one}" for one, _, _ in nouns.values()), re.IGNORECASE)
    return lambda form: doubled.sub(lambda found: f"{found[found.lastindex or 0]} file", pattern.sub(replace, form))


def _say_chinese(nouns: Mapping[str, Noun]) -> Callable[[str], str]:
    spoken = [(re.compile(CHINESE[noun]), word) for noun, (_, _, word) in nouns.items()]

    def say(text: str) -> str:
        text = MEASURE.sub("个", text) if "product" in nouns else text
        for shelf, word in SHELVES if "shop" in nouns else ():
            text = text.replace(shelf, word)
        for pattern, word in spoken:
            text = pattern.sub(word, text).replace(word * 2, f"{word}文件")
        return text

    return say
