"""System checks of what the settings say about products."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from api.field import FieldError, current_field
from catalog.addresses import SHOP
from catalog.refusals import BadValue
from catalog.view_audit.asked import audits_views
from catalog.web_addresses import clean_url

WHO = ("kindred", SHOP)


@register()
def check_field(**_: Any) -> list[CheckMessage]:
    """Say what is amiss with what the installation is about."""
    try:
        current_field()
    except FieldError as error:
        return [Error(f"KINDRED_FIELD: {error}", hint="Name a folder of demo/, or unset it.", id="catalog.E002")]
    return []


@register(deploy=True)
def check_secret_key(**_: Any) -> list[CheckMessage]:
    """Refuse a secret key that each machine makes for itself, where several share a bucket."""
    if "imports" not in settings.STORAGES or os.environ.get("SECRET_KEY"):
        return []
    hint = "Set SECRET_KEY to one long random text on all of them: openssl rand -hex 32"
    return [Error("Machines that share a bucket need one SECRET_KEY.", hint=hint, id="catalog.E004")]


@register()
def check_open_bucket(**_: Any) -> list[CheckMessage]:
    """Refuse an address that does not ask who looks, in a field that shows its products to staff alone."""
    if "://" not in settings.MEDIA_URL or not (current_field().is_for_staff or audits_views()):
        return []
    message = "KINDRED_MEDIA_URL lets whoever has an address see a picture, and this field shows them to staff alone."
    return [Error(message, hint="Unset it: Kindred then serves them, and asks who looks.", id="catalog.E003")]


@register()
def check_pictures(**_: Any) -> list[CheckMessage]:
    """Name settings that leave shoppers without pictures."""
    found: list[CheckMessage] = []
    if settings.KINDRED_PICTURES_FROM not in WHO:
        message = f"KINDRED_PICTURES_FROM is {settings.KINDRED_PICTURES_FROM!r}: nobody serves pictures by that name."
        found.append(Error(message, hint="Set it to kindred or shop.", id="catalog.E001"))
    for origin in settings.KINDRED_PICTURE_ORIGINS:
        try:
            is_origin = bool(clean_url(origin.replace("*.", "", 1))) and origin.count("/") == 2
        except BadValue:
            is_origin = False
        if not is_origin:
            hint = "Write scheme and host, with nothing behind: https://cdn.shop.example"
            found.append(
                Warning(f"KINDRED_PICTURE_ORIGINS has {origin!r}, which is no origin.", hint=hint, id="catalog.W001")
            )
    return found
