"""What workers have written down, in the language of who reads it: `{{ run.error|for_sources }}`."""

from __future__ import annotations

from django import template

from catalog.retelling import retell
from catalog.sources.advice import word_for_sources

register = template.Library()
register.filter("retell", retell)
register.filter("for_sources", word_for_sources)
