"""Where a feed may be: at an http or https address, or in a file; which files, depends on who names it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from catalog.refusals import BadValue
from catalog.web_addresses import clean_url


def is_web_address(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def clean_address(text: str, *, is_operator: bool) -> str:
    """Return the address of a feed. Raises BadValue.

    Who runs commands on the machine may name any file; who uses the admin only those below KINDRED_FEED_FOLDER.
    """
    text = text.strip()
    if is_web_address(text) or "://" in text:
        return _clean_web_address(text)
    if not text or "\0" in text:
        raise BadValue(gettext("is missing: give the http or https address of the feed, or a file"), code="required")
    folder = Path(settings.KINDRED_FEED_FOLDER).resolve()
    path = (Path.cwd() / text if is_operator else folder / text).resolve()
    if not is_operator and not path.is_relative_to(folder):
        said = gettext("is outside of the folder of feeds: put the file into %s, and give its name")
        raise BadValue(said % folder, code="outside")
    if not path.is_file():
        raise BadValue(gettext("is no file: there is none at %s") % path, code="missing")
    return str(path)


def _clean_web_address(text: str) -> str:
    try:
        return clean_url(text)
    except BadValue as error:
        if error.code != "credentials":
            raise
        said = gettext("holds a user name or password, which everybody would see: give them as credentials")
        raise BadValue(said, code=error.code) from None
