"""Products as JSON, one a line, with the names that the REST API has: what its answers say can be loaded again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext

from catalog.importers.csv import ALIASES, KEPT
from catalog.importers.json_objects import Found, read_objects
from catalog.importers.picture_names import join_names
from catalog.importers.report import ImportReport, SourceRow
from catalog.importers.rows import COLUMNS, FILES, is_known

# What answers say beside what can be written.
ANSWERED = frozenset({"on_sale", "in_stock", "image_url", "colours", "picture_colours", "created_at", "updated_at"})
THOUSANDS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")  # in a text it could be thousands, and in JSON it cannot
ADDRESSES = ("source_url", "url", "src")  # of a picture that is an object


class WrongShape(ValueError):
    """A value is no text and no number where one is meant."""


def read_jsonl(file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8") -> Iterator[SourceRow]:
    """Yield a row for each object. Raises ImportFileError when the file is no JSON."""
    kept: dict[str, None] = {}  # names of the shop's own
    for found in read_objects(file, encoding=encoding):
        row = _read_row(found)
        kept |= dict.fromkeys(row.attributes)
        yield row
    report.warn_kept(list(kept))


def _read_row(found: Found) -> SourceRow:
    if found.problem:
        return SourceRow(found.line, {}, found.problem)
    said = Said()
    try:
        for name, value in found.value.items():
            said.take(ALIASES.get(name, name) if ALIASES.get(name) not in found.value else name, value)
    except WrongShape as error:
        sku = found.value.get("sku")
        return SourceRow(found.line, {"sku": sku} if isinstance(sku, str) else {}, str(error))
    emptied = frozenset(name for name, text in said.fields.items() if not text) - KEPT
    return SourceRow(found.line, said.fields, "", emptied, said.attributes)


@dataclass
class Said:
    """What one object says, as texts."""

    fields: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, value: Any) -> None:
        """Note what `name` is said to be. Raises WrongShape."""
        if name == "translations":
            self._take_wordings(value)
        elif name == "attributes":
            self.fields[name] = "{}" if value is None else json.dumps(value)
        elif name in FILES:
            self.fields[name] = join_names(_name_file(name, one) for one in _as_list(name, value))
        elif name in COLUMNS:
            self.fields[name] = _as_text(name, value)
        elif name not in ANSWERED:
            self.attributes[name] = _as_words(value)

    def _take_wordings(self, value: Any) -> None:
        if not isinstance(value, dict | None) or any(not isinstance(one, dict) for one in (value or {}).values()):
            raise WrongShape(gettext('translations is not an object of objects: write it as {"zh": {"title": "花瓶"}}'))
        for language, wording in (value or {}).items():
            for name, text in wording.items():
                column = f"{name}_{language}"
                if not is_known(column):
                    raise WrongShape(
                        gettext("translations holds %(column)r: a title or description in zh or pt-br")
                        % {"column": column[:40]}
                    )
                self.fields[column] = _as_text(column, text)


def _as_list(name: str, value: Any) -> list[Any]:
    if value is None or isinstance(value, str | list):
        return value if isinstance(value, list) else [value] if value else []
    raise WrongShape(gettext("%(name)s is not a list") % {"name": name})


def _name_file(name: str, value: Any) -> str:
    """Return the name or address of a picture or sound; an answer has an object for each, saying where it is from."""
    if isinstance(value, dict):
        value = next((value[key] for key in ADDRESSES if value.get(key)), None)
    if not isinstance(value, str):
        raise WrongShape(
            gettext("audio holds something else than names and addresses")
            if name == "audio"
            else gettext("images holds something else than names and addresses")
        )
    return value


def _as_text(name: str, value: Any) -> str:
    """Return a value as a cell would have it. Raises WrongShape for lists and objects."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, int | float):
        text = f"{Decimal(str(value)):f}"
        return f"{text}0" if THOUSANDS.fullmatch(text) else text
    if not isinstance(value, str):
        raise WrongShape(gettext("%(name)s is neither a text nor a number") % {"name": name})
    return value


def _as_words(value: Any) -> str:
    """Return a value of a name of the shop's own: a list of words as words, what is nested as it is written."""
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        return ", ".join(_as_text("", one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else _as_text("", value)
