"""What readers advise in options of `import_products`, in words of a source, which has a kind and a folder."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

from catalog.retelling import retell

# Both sides are translated: a pattern finds what the translation of a reader's sentence says.
WORDINGS = (
    (gettext_noop(r"pass --format ([\w-]+)"), gettext_noop(r"give the source the kind \1")),
    (r"\bshopify-json\b", "shopify"),  # which is told from the table by its first bytes
    (
        gettext_noop(r"pass the pictures' own as --images"),
        gettext_noop("move the feed and its pictures to a folder of their own"),
    ),
    (gettext_noop(r"below --images"), gettext_noop("beside the feed,")),
)


def word_for_sources(said: str) -> str:
    """Return what a run has written down, in the reader's language, with what to do about it in a source."""
    said = retell(said)
    for pattern, wording in WORDINGS:
        said = re.sub(gettext(pattern), gettext(wording), said)
    return said
