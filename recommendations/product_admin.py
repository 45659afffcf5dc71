"""What the page of a product in the admin says of its near-duplicates."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from catalog.admin import ProductAdmin
from catalog.models import Product
from catalog.page_parts import make_or_leave_out
from embeddings.models import EmbeddingSpace
from recommendations.near_duplicates import Pair, find_near_duplicates_of

SHOWN = 5


def near_duplicates_panel(product: Product) -> str:
    """The box: listings that are probably this product once more. Left out where the database takes too long."""
    live = EmbeddingSpace.objects.live()
    found = make_or_leave_out(lambda: find_pairs(product, live), what="near-duplicates")
    pairs = (found or [])[:SHOWN]
    numbers = {pair: pair.other_id if pair.listing_id == product.pk else pair.listing_id for pair in pairs}
    others = Product.objects.for_cards().in_bulk(list(numbers.values()))
    twins = [(others[number], pair) for pair, number in numbers.items() if number in others]
    context = {"product": product, "twins": twins, "is_known": found is not None, "has_space": live is not None}
    return render_to_string("admin/recommendations/twins_panel.html", context)


def find_pairs(product: Product, live: EmbeddingSpace | None) -> list[Pair]:
    return find_near_duplicates_of(product.pk, space=live) if live else []


ProductAdmin.add_panel(_("Near-duplicates"), near_duplicates_panel)
