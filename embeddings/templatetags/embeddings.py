"""`{% load embeddings %}{% read_progress as progress %}` in any template."""

from __future__ import annotations

import logging

from django import template
from django.db import DatabaseError

from embeddings.coverage import Coverage, read_coverage

register = template.Library()
logger = logging.getLogger(__name__)


@register.simple_tag
def read_progress() -> Coverage | None:
    """Return how far the embedding is, None where no product waits for its first vector."""
    try:
        return read_coverage()
    except DatabaseError:
        logger.warning("The progress is left out of the page.", exc_info=True)  # the page itself says what is wrong
        return None
