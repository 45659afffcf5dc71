"""`{% load embeddings %}{% read_progress as progress %}` in any template."""

from __future__ import annotations

from django import template

from catalog.page_parts import make_or_leave_out
from embeddings.coverage import Coverage, read_coverage

register = template.Library()


@register.simple_tag
def read_progress() -> Coverage | None:
    """Return how far the embedding is, None where no product waits for its first vector or nobody can say in time."""
    return make_or_leave_out(read_coverage, what="the progress of the embedding")
