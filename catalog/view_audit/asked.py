"""Whether views are written down here; what leads to a product asks as well, and so this knows no tables."""

from __future__ import annotations

from django.conf import settings

from api.field import current_field


def audits_views() -> bool:
    """Is it kept who saw what? As KINDRED_AUDIT_VIEWS says; where it is unset, as the field does."""
    said: bool | None = settings.KINDRED_AUDIT_VIEWS
    return current_field().audit if said is None else said
