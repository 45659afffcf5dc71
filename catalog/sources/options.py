"""Whether a source can be kept as it is, for the admin's form and the command alike."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext

from catalog.fields import LANGUAGE
from catalog.importers.shop_pages import clean_shop_url
from catalog.models import Source
from catalog.refusals import BadValue
from catalog.sources.addresses import clean_address
from catalog.sources.sealing import SealBroken


def clean_source(
    source: Source, *, is_operator: bool, keeps_address: bool = False, keeps_credentials: bool = True
) -> None:
    """Bring the source's options into the form that they are kept in. Raises ValidationError, by field.

    `is_operator`: whoever runs commands on this machine, and may name any file of it. `keeps_address`: the address is
    the one that is stored, and was judged when it was given. `keeps_credentials`: no others are given now.
    """
    problems: dict[str, str] = {}
    rules: dict[str, Callable[[str], str]] = {"shop_url": clean_shop_url, "language": _clean_language}
    if not keeps_address:
        rules["address"] = lambda text: clean_address(text, is_operator=is_operator)
    for name, rule in rules.items():
        try:
            setattr(source, name, rule(getattr(source, name)))
        except BadValue as error:
            problems[name] = error.sentence
    if not 0 <= source.guard <= 1:  # nor is what is no number
        problems["guard"] = gettext("It is a share, from 0 to 1.")
    if not problems and keeps_credentials and not keeps_address:
        problems |= _judge_credentials(source)
    if problems:
        raise ValidationError(problems)
    source.full_clean()
    if source.is_enabled and source.next_run_at:  # a shorter schedule does not wait for the end of a longer one
        source.next_run_at = min(source.next_run_at, source.timetable.next_after(timezone.now()))


def _judge_credentials(source: Source) -> dict[str, str]:
    """Return what is wrong where the address was moved to a server that the kept credentials are not for."""
    try:
        source.read_credentials()
    except SealBroken as error:
        return {"address": str(error)}
    return {}


def _clean_language(text: str) -> str:
    language = text.strip().lower().replace("_", "-")
    if language and not re.fullmatch(LANGUAGE, language):
        raise BadValue(gettext("names a language otherwise than as in zh or pt-br"), code="bad_language")
    return language
