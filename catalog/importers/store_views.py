"""Which language a store view of Magento is in, told from its code: `de`, `pt_BR`, `german`, `b2b_de`, `de_shop2`."""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf.locale import LANG_INFO

LANGUAGES = frozenset(code.partition("-")[0] for code in LANG_INFO) - {"ia", "io"}
NAMES = {
    info[name].lower(): code
    for code, info in LANG_INFO.items()
    if "-" not in code
    for name in ("name", "name_local")
    if name in info
}
REGION = re.compile(r"[a-z]{2}|[0-9]{3}|hans|hant|latn|cyrl")


@lru_cache(maxsize=256)
def find_language(view: str) -> str:
    """Return the language as translations name it (`de`, `pt-br`), or nothing where the code does not say it.

    A code begins with its language and may go on with a country, as Magento's own do; else a part of it is a language.
    """
    first, *others = parts = re.split(r"[^\w]|_", view.lower())
    if first in LANGUAGES:
        return f"{first}-{others[0]}" if len(others) == 1 and REGION.fullmatch(others[0]) else first
    named = [part if part in LANGUAGES else NAMES.get(part, "") for part in parts]
    return next(filter(None, named), "")


def is_languages_own(view: str) -> bool:
    """Is the view called as its language is? Of several in one language it is the one that counts."""
    return view.lower().replace("_", "-") == find_language(view)
