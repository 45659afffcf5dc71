"""What behaviour and the shop's books say for a product in every search: how much it is bought, and what it earns.

Importing this registers them.
"""

from __future__ import annotations

from recommendations.search.priors import register_prior

# From the ranking of the live version, by its key: 1 for what is bought most, .59 for the second, .3 for the tenth, .18
# for the hundredth; nothing for what is there without a single order.
POPULARITY = """
SELECT CASE WHEN r.support > 0 THEN 1 / (1 + ln(r.place)) END
FROM behaviour_version v JOIN behaviour_ranking r ON r.version_id = v.id AND r.kind = 'popular' AND r.product_id = p.id
WHERE v.status = 'live'"""
# The attribute `margin` as a share of the price (0.35), else what the attribute `cost` leaves of the price.
MARGIN = """
SELECT CASE WHEN jsonb_typeof(p.attributes -> 'margin') = 'number' THEN (p.attributes ->> 'margin')::numeric
    WHEN jsonb_typeof(p.attributes -> 'cost') = 'number' AND p.price > 0
    THEN (p.price - (p.attributes ->> 'cost')::numeric) / p.price END"""

register_prior("popularity", POPULARITY, setting="KINDRED_SEARCH_POPULARITY")
register_prior("margin", MARGIN, setting="KINDRED_SEARCH_MARGIN")
