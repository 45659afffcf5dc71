"""What a search may become while it is typed: categories, brands, what others search for, and products. Two queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from api.postgres.rows import fetch_rows
from catalog.addresses import find_page, find_picture
from catalog.attributes import localize_title
from catalog.pictures.sizes import WIDTHS
from recommendations.search.folding import fold, is_chinese, key_of, split
from recommendations.search.full_text import IN_SAMPLE
from recommendations.search.labels import word_label
from recommendations.search.spelling import correct_words, replace_words

MOST, MOST_PRODUCTS = 10, 4
ENOUGH_SAMPLED, MOST_FOUND = 40, 400  # products with a word that begins so: of more, those of the sample do
ORDER = ("category", "query", "brand", "collection", "attribute", "colour")
# The text itself begins so, which is found by its index; of a meaning with several texts the likeliest is told.
TERMS = """
SELECT * FROM (
    SELECT DISTINCT ON (t.kind, t.name, t.value) t.kind, t.text, t.label, t.name, t.value, t.products, t.weight
    FROM (SELECT * FROM recommendations_searchterm WHERE text LIKE %(prefix)s AND kind = ANY(%(kinds)s)
          AND weight >= .9 AND (source <> 'learned' OR kind = 'category') ORDER BY text LIMIT 500) t
    ORDER BY t.kind, t.name, t.value, t.weight DESC, length(t.text), t.text) once
ORDER BY array_position(%(kinds)s, kind::text), products DESC, length(text), text LIMIT %(most)s
"""
PRODUCTS = """
WITH sampled AS MATERIALIZED (SELECT p.id FROM catalog_product p
    WHERE ts_filter(p.search_document, '{{a,b}}') @@ %(words)s::tsquery AND {sample} AND p.is_active LIMIT {enough}),
found AS MATERIALIZED (
    SELECT id FROM sampled
    UNION SELECT p.id FROM (SELECT p.id, p.is_active FROM catalog_product p
        WHERE (SELECT count(*) FROM sampled) < {enough}
            AND ts_filter(p.search_document, '{{a,b}}') @@ %(words)s::tsquery LIMIT {most}) p WHERE p.is_active)
SELECT p.sku, p.title, p.translations::text AS translations, p.url, p.price, p.currency, i.id AS image_id,
    coalesce(i.sha256, '') AS image_sha256, coalesce(i.source_url, '') AS image_source_url
FROM found f JOIN catalog_product p ON p.id = f.id
LEFT JOIN LATERAL (SELECT i.id, i.sha256, i.source_url FROM catalog_productimage i WHERE i.product_id = p.id
    ORDER BY i.position, i.id LIMIT 1) i ON true
ORDER BY NOT starts_with(lower(p.title), %(typed)s), p.stock IS NOT DISTINCT FROM 0, p.id LIMIT %(most_products)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One thing to choose: `text` is what would be searched for, `label` what it is, `url` a page of this shop."""

    kind: str  # category, brand, collection, attribute, colour, query or product
    text: str
    label: str
    url: str
    sku: str = ""
    image: str = ""
    price: Any = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What may be meant. `did_you_mean` is what was typed with its misspelt words put right, else empty."""

    found: tuple[Suggestion, ...] = ()
    did_you_mean: str = ""


def suggest(text: str, *, limit: int = MOST) -> Suggestions:
    """Return at most `limit` suggestions for a text that is being typed; nothing for an empty one.

    Products have up to MOST_PRODUCTS of the places, and leave one at least to what else begins so. Where nothing does,
    a third query looks for what was meant.
    """
    folded = fold(text)
    words = [token.text for token in split(folded)]
    if not words:
        return Suggestions()
    wanted = {"prefix": escape(make_prefix(words)) + "%", "kinds": list(ORDER), "most": limit}
    terms = [read_term(row) for row in fetch_rows(TERMS, wanted)]
    products = find_products(words, folded)[: max(limit - 1, 1)]
    found = [*terms[: max(limit - len(products), 1)], *products][:limit]
    if found:
        return Suggestions(tuple(found))
    corrections = correct_words([word for word in words if not is_chinese(word)])
    return Suggestions(did_you_mean=replace_words(folded, corrections) if corrections else "")


def make_prefix(words: Sequence[str]) -> str:
    """Return the key of what is typed, its last word as far as it goes: it need not be a plural yet."""
    if is_chinese(words[-1]):
        return key_of(words)
    return f"{key_of(words[:-1])} {words[-1]}".strip()


def escape(text: str) -> str:
    return re.sub(r"([\\\\%_])", r"\\\1", text)


def read_term(row: dict[str, Any]) -> Suggestion:
    label = word_label(row)
    if row["kind"] in ("category", "brand", "collection"):
        url = f"{reverse('product_list')}?{urlencode({row['kind']: row['value']})}"
    else:
        url = f"{reverse('search_page')}?{urlencode({'q': row['text']})}"
    return Suggestion(kind=row["kind"], text=row["text"], label=label, url=url)


def find_products(words: Sequence[str], folded: str) -> list[Suggestion]:
    """Return products in whose titles or brands a word begins as the last one does, and that have the others."""
    query = " & ".join([f"'{word}'" for word in words[:-1]] + [f"'{words[-1]}':*"])
    statement = PRODUCTS.format(sample=IN_SAMPLE, enough=ENOUGH_SAMPLED, most=MOST_FOUND)
    rows = fetch_rows(statement, {"words": query, "typed": folded, "most_products": MOST_PRODUCTS})
    return [
        Suggestion(
            kind="product",
            text=(title := localize_title(row["title"], row["translations"])),
            label=title,
            url=find_page(row["sku"], url=row["url"]),
            sku=row["sku"],
            image=find_picture(row["image_sha256"], source_url=row["image_source_url"], width=WIDTHS[0])
            if row["image_id"]
            else "",
            price=row["price"],
            currency=row["currency"],
        )
        for row in rows
    ]
