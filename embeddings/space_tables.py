"""What a space was made of and how it was judged, as its page in the admin shows it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.desk.json_table import show_json
from embeddings.models import EmbeddingSpace
from embeddings.spaces.verdicts import ADMITTED, describe_verdicts

SHOWN = {  # by the name of a column of JSON: what shows it
    "text_composition": "text_parts",
    "modalities": "further_modalities",
}


class SpaceTables:
    """Displays of EmbeddingSpaceAdmin."""

    @admin.display(description=_("text composition"))
    def text_parts(self, space: EmbeddingSpace) -> SafeString | str:
        return show_json(space.text_composition)

    @admin.display(description=_("modalities"))
    def further_modalities(self, space: EmbeddingSpace) -> SafeString | str:
        return show_json(space.modalities)

    @admin.display(description=_("What was admitted"))
    def verdicts(self, space: EmbeddingSpace) -> SafeString | str:
        return format_html_join("", "<p>{}</p>", ((said,) for said in describe_verdicts(space))) or "-"

    @admin.display(description=_("report"))
    def figures(self, space: EmbeddingSpace) -> SafeString | str:
        return show_json({name: value for name, value in space.report.items() if name != ADMITTED})
