"""What readers advise in options of `import_products`, in words of the page, which has fields for them."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

# Both sides are translated: a pattern finds what the translation of a reader's sentence says.
WORDINGS = (
    (
        gettext_noop(r"pass --format ([\w-]+)(, or shopify-json for that of Shopify)?"),
        gettext_noop(r"choose the format \1 above"),
    ),
    (gettext_noop(r"pass --encoding ([\w-]+)"), gettext_noop(r"choose the encoding \1")),
    (gettext_noop(r"--encoding ([\w-]+)"), gettext_noop(r"choose the encoding \1")),
    (gettext_noop(r"pass --decimal point or --decimal comma"), gettext_noop("choose the decimal mark")),
    (
        gettext_noop(r"put each below --images at the path of its URL"),
        gettext_noop("put each into the zip at the path of its URL"),
    ),
    (gettext_noop(r"pass the pictures' own as --images"), gettext_noop("pack fewer files")),
    (gettext_noop(r"below --images"), gettext_noop("in the zip of pictures,")),
    (gettext_noop(r"run it again with --allow-many-gone"), gettext_noop("choose so above, and import again")),
)


def word_for_pages(said: str) -> str:
    """Return what a reader said, with what to do about it on the page."""
    for pattern, wording in WORDINGS:
        said = re.sub(gettext(pattern), gettext(wording), said)
    return said
