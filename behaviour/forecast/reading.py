"""What forecasts are made from, read from the tables: daily sales, vectors, prices, and categories of the top level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from django.db.models import Count

from behaviour.forecast.past import EPOCH
from behaviour.forecast.sales import DailySales
from behaviour.learners.content import Content
from behaviour.learners.facts import Ints
from behaviour.reports.sales import read_daily_sales
from behaviour.versions.catalogue import Catalogue, read_catalogue, read_content
from catalog.models import Product
from embeddings.modalities.registry import FUSED, find_modality
from embeddings.models import EmbeddingSpace, ProductEmbedding

MAX_DAYS = 3 * 366  # of the past: this year's season and the one before


@dataclass(frozen=True)
class Shop:
    """Sales and what was sold, by the same numbers: first all products of the catalogue, then those that are gone."""

    catalogue: Catalogue
    sales: DailySales
    content: Content  # (items,)
    categories: Ints  # (items,) code of the category at the top, -1 for none
    added: Ints  # (products,) the day since 1970 on which the catalogue got each


def read_shop(*, until: date) -> Shop:
    """Read what was known at the start of the day `until`."""
    sales = read_daily_sales(since=until - timedelta(days=MAX_DAYS), until=until - timedelta(days=1))
    catalogue = read_catalogue()
    live = EmbeddingSpace.objects.filter(status=EmbeddingSpace.Status.LIVE).first()
    content = (
        read_content(catalogue, space_id=live.pk, modality=choose_modality(live))
        if live
        else read_content(catalogue, space_id=None)
    )
    sales = number_sales(sales, catalogue.skus)
    gone = len(sales.skus) - len(catalogue)
    codes, added = _read_categories(catalogue)
    return Shop(
        catalogue,
        sales,
        Content(
            np.vstack([content.vectors, np.zeros((gone, content.vectors.shape[1]), dtype=np.float32)]),
            np.append(content.groups, np.full(gone, -1, dtype=np.int32)),
            np.append(catalogue.prices, np.full(gone, np.nan, dtype=np.float32)),
        ),
        np.append(codes, np.full(gone, -1, dtype=np.int32)),
        added,
    )


def choose_modality(space: EmbeddingSpace) -> str:
    """Return which vectors say what is alike: fused ones, or where most products have one modality alone, that one's.

    A fused vector holds a guess at what a product lacks. Where few have it, it makes neighbours worse.
    """
    count = ProductEmbedding.objects.filter(space=space).order_by().values_list("modality").annotate(Count("pk"))
    products = dict(count)
    half = max(products.get(FUSED, 0), 1) / 2
    encoded = [name for name in space.list_modalities() if not find_modality(name).is_fitted]  # others say no more
    common = [name for name in encoded if products.get(name, 0) >= half]
    return common[0] if len(common) == 1 else FUSED


def number_sales(sales: DailySales, skus: tuple[str, ...]) -> DailySales:
    """Return the sales numbered by `skus`; what is not among them comes after them."""
    places = {sku: place for place, sku in enumerate(skus)}
    gone = tuple(sku for sku in sales.skus if sku not in places)
    places |= {sku: len(skus) + place for place, sku in enumerate(gone)}
    numbers = np.fromiter((places[sku] for sku in sales.skus), dtype=np.int32, count=len(sales.skus))
    return replace(sales, item=numbers[sales.item], skus=(*skus, *gone))


def _read_categories(catalogue: Catalogue) -> tuple[Ints, Ints]:
    """Return (products,) codes of the categories at the top, and (products,) the days on which products were added."""
    names: dict[str, int] = {}
    codes = np.full(len(catalogue), -1, dtype=np.int32)
    added = np.zeros(len(catalogue), dtype=np.int32)
    rows = Product.objects.order_by().values_list("pk", "category__path", "created_at")
    for product_id, path, created_at in rows.iterator(20_000):
        place = int(np.searchsorted(catalogue.product_ids, product_id))
        if place == len(catalogue) or catalogue.product_ids[place] != product_id:
            continue  # it came after the catalogue was read
        added[place] = (created_at.date() - EPOCH).days
        if path:
            codes[place] = names.setdefault(path.partition("/")[0], len(names))
    return codes, added
