"""Where a feed may be: at an http or https address, or in a file; which files, depends on who names it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from catalog.refusals import BadValue
from catalog.web_addresses import clean_url


def is_web_address(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def name_server(address: str) -> str:
    """Return the host, with its port where that is none of the usual ones: whom credentials are for. Empty: a file."""
    if not is_web_address(address.strip()):
        return ""
    parts = urlsplit(clean_url(address))
    return parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")


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
    # A link stays one: tomorrow it may lead to another file.
    path = Path(os.path.abspath(text if is_operator else folder / text))
    if leads_out(path) or not (is_operator or _is_in_folder(path)):
        said = gettext("is outside of the folder of feeds: put the file into %s, and give its name")
        raise BadValue(said % folder, code="outside")
    if not path.is_file():
        raise BadValue(gettext("is no file: there is none at %s") % path, code="missing")
    return str(path)


def leads_out(path: Path) -> bool:
    """Is it a name in the folder of feeds, and a link to something else? Whoever may put feeds there may make links."""
    return _is_in_folder(path) and not _is_in_folder(path.resolve())


def _is_in_folder(path: Path) -> bool:
    folder = Path(os.path.abspath(settings.KINDRED_FEED_FOLDER))
    return path.is_relative_to(folder) or path.is_relative_to(folder.resolve())


def _clean_web_address(text: str) -> str:
    try:
        return clean_url(text)
    except BadValue as error:
        if error.code != "credentials":
            raise
        said = gettext("holds a user name or password, which everybody would see: give them as credentials")
        raise BadValue(said, code=error.code) from None
