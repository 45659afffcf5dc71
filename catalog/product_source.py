"""What the page of a product says of the source that keeps it."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from catalog.models import Product, Source


def describe_keeper(product: Product) -> SafeString:
    """Name the source with a link to it, or the import, and say what becomes of changes that are made here."""
    source = Source.objects.filter(name=product.source).first()
    if source is None:
        said = gettext("It was made by the import %s, and follows the next file of it.") % product.source
        return format_html("{}", said)
    if product.left_source_at:
        moment = date_format(timezone.localtime(product.left_source_at), "DATETIME_FORMAT", use_l10n=True)
        said = gettext("Its feed has lacked it since %s.") % moment
    else:
        said = gettext(
            "What its feed says of it is written again at the feed's next change. To have a change last, make it in "
            "the shop that the feed is of."
        )
    return format_html(
        '<a href="{}">{}</a><br>{}', reverse("admin:catalog_source_change", args=[source.pk]), source.name, said
    )
